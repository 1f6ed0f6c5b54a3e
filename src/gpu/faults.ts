import type { PyramidFlowError } from '../core/errors';
import { brokenCall, compileError, gpuError, lossError, outOfMemory, type Request } from './device-errors';
import type { MemoryUse } from './pool';

/** How long after a failure news of a lost device may still come, in ms. */
export const PATIENCE = 100;

const FILTERS: readonly GPUErrorFilter[] = ['internal', 'out-of-memory', 'validation'];

/**
 * Keeps the first thing that goes wrong on a device, which every later call throws: after it no result can be trusted. A
 * driver answers later than it is asked, so whoever hands out a result waits for `settled` first.
 */
export class Faults {
  private first: PyramidFlowError | undefined;
  private answers: Promise<void> = Promise.resolve();

  constructor(
    private readonly device: GPUDevice,
    private readonly held: () => MemoryUse,
  ) {
    device.lost.then((loss) => this.keep(lossError(loss)));
    device.onuncapturederror = ({ error }) => {
      // it may follow from what the driver has yet to answer
      this.answers = this.answers.then(() => void this.keep(gpuError(error, held())));
    };
  }

  get any(): boolean {
    return this.first !== undefined;
  }

  throwIfAny(): void {
    if (this.first) throw this.first;
  }

  /** Takes `error` where it is the first. Returns the first. */
  keep(error: PyramidFlowError): PyramidFlowError {
    return (this.first ??= error);
  }

  /** Resolves once the driver has answered for every command so far. Throws what went wrong. */
  async settled(): Promise<void> {
    await this.answers;
    this.throwIfAny();
  }

  /** From here to `unwatch` whatever the driver refuses is kept. Such stretches may lie in each other. */
  watch(): void {
    for (const filter of FILTERS) this.device.pushErrorScope(filter);
  }

  unwatch(request?: Request): void {
    const scopes = FILTERS.map(() => this.device.popErrorScope());
    this.answers = Promise.all([this.answers, ...scopes]).then(
      ([, ...errors]) => errors.forEach((error) => error && this.keep(gpuError(error, this.held(), request))),
      async (cause) => void (await this.explain('answer', cause)),
    );
  }

  /** Hands one command to the platform. Whatever is wrong with it is kept, at once or later. */
  watched<T>(what: string, command: () => T): T {
    this.watch();
    try {
      return this.attempt(what, command);
    } finally {
      this.unwatch();
    }
  }

  /** Hands a command to the platform; what that throws at once is kept. */
  attempt<T>(what: string, command: () => T): T {
    try {
      return command();
    } catch (cause) {
      throw this.keep(brokenCall(what, cause));
    }
  }

  createBuffer(descriptor: GPUBufferDescriptor, label = descriptor.label ?? 'a buffer'): GPUBuffer {
    const request = { label, bytes: descriptor.size };
    this.watch();
    try {
      return this.device.createBuffer(descriptor);
    } catch (cause) {
      throw this.keep(outOfMemory(cause, this.held(), request)); // what else may be wrong is not thrown
    } finally {
      this.unwatch(request);
    }
  }

  /**
   * A pipeline from the driver's own threads. Where `what` does not compile, the error is thrown and not kept: nothing that
   * was recorded needs it.
   */
  async compiled<T>(what: string, make: () => Promise<T>): Promise<T> {
    this.throwIfAny();
    this.device.pushErrorScope('validation'); // what is wrong with the module says more than what its pipeline then lacks
    let said: Promise<GPUError | null> | undefined;
    let made: Promise<T>;
    try {
      made = make();
    } finally {
      said = this.device.popErrorScope().catch(() => null);
    }
    try {
      const pipeline = await made;
      this.throwIfAny(); // a lost device promises pipelines that are none
      return pipeline;
    } catch (cause) {
      await this.newsOfLoss();
      this.throwIfAny();
      throw compileError(what, (await said) ?? cause);
    }
  }

  /** Why the platform broke a promise: what went wrong before, a loss that comes to light now, or what it gave as the reason. */
  async explain(what: string, cause: unknown): Promise<PyramidFlowError> {
    await this.newsOfLoss();
    return this.keep(brokenCall(what, cause));
  }

  private async newsOfLoss(): Promise<void> {
    if (this.any) return;
    await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  }
}
