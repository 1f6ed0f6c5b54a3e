import type { PyramidFlowError } from '../core/errors';
import { brokenCall, compileError, gpuError, lossError, type MemoryRequest, outOfMemory } from './device-errors';
import type { MemoryUse } from './pool';

/** How long to wait after a failure for the report that the device was lost, in ms. */
export const PATIENCE = 100;

const FILTERS: readonly GPUErrorFilter[] = ['internal', 'out-of-memory', 'validation'];

/**
 * Keeps the first error of a device, which every later call throws, since no result after it can be trusted. Drivers report errors
 * asynchronously, so a result is handed out only after `settled`.
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
      // it may be a consequence of an error that the driver has yet to report
      this.answers = this.answers.then(() => void this.keep(gpuError(error, held())));
    };
  }

  get any(): boolean {
    return this.first !== undefined;
  }

  throwIfAny(): void {
    if (this.first) throw this.first;
  }

  /** Keeps `error` if it is the first. Returns the first. */
  keep(error: PyramidFlowError): PyramidFlowError {
    return (this.first ??= error);
  }

  /** Resolves once the driver has answered for every command so far. Rejects with the first error. */
  async settled(): Promise<void> {
    await this.answers;
    this.throwIfAny();
  }

  /** Keeps whatever the driver refuses from here to `unwatch`. Calls may be nested. */
  watch(): void {
    for (const filter of FILTERS) this.device.pushErrorScope(filter);
  }

  unwatch(request?: MemoryRequest): void {
    const scopes = FILTERS.map(() => this.device.popErrorScope());
    this.answers = Promise.all([this.answers, ...scopes]).then(
      ([, ...errors]) => errors.forEach((error) => error && this.keep(gpuError(error, this.held(), request))),
      async (cause) => void (await this.explain('answer', cause)),
    );
  }

  /** Gives one command to the platform, and keeps its error, whether thrown at once or reported later. */
  watched<T>(what: string, command: () => T): T {
    this.watch();
    try {
      return this.attempt(what, command);
    } finally {
      this.unwatch();
    }
  }

  /** Gives a command to the platform, and keeps an error that is thrown at once. */
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
      throw this.keep(outOfMemory(cause, this.held(), request)); // other errors are reported, not thrown
    } finally {
      this.unwatch(request);
    }
  }

  /**
   * Makes a pipeline on the driver's own threads. A compile error is thrown but not kept: nothing recorded so far needs the
   * pipeline.
   */
  async compiled<T>(what: string, make: () => Promise<T>): Promise<T> {
    this.throwIfAny();
    this.device.pushErrorScope('validation'); // an error of the module says more than that of its pipeline
    let said: Promise<GPUError | null> | undefined;
    let made: Promise<T>;
    try {
      made = make();
    } finally {
      said = this.device.popErrorScope().catch(() => null);
    }
    try {
      const pipeline = await made;
      this.throwIfAny(); // a lost device resolves to invalid pipelines
      return pipeline;
    } catch (cause) {
      await this.newsOfLoss();
      this.throwIfAny();
      throw compileError(what, (await said) ?? cause);
    }
  }

  /** The reason why the platform rejected a promise: an earlier error, a loss of the device, or the rejection itself. */
  async explain(what: string, cause: unknown): Promise<PyramidFlowError> {
    await this.newsOfLoss();
    return this.keep(brokenCall(what, cause));
  }

  private async newsOfLoss(): Promise<void> {
    if (this.any) return;
    await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  }
}
