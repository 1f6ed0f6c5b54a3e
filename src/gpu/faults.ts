import type { PyramidFlowError } from '../core/errors';
import { brokenCall, gpuError, isValidation, lossError, type MemoryRequest, outOfMemory } from './device-errors';
import type { MemoryUse } from './pool';

/** How long to wait after a failure for the report that the device was lost, in ms. */
export const PATIENCE = 100;

const FILTERS: readonly GPUErrorFilter[] = ['internal', 'out-of-memory', 'validation'];

/** A submit that did not run, since a kernel in it does not compile. */
interface Spoil {
  readonly submit: number;
  readonly error: PyramidFlowError;
}

/** What was recorded between `watch` and `unwatch`. */
interface Watched {
  /** a request for memory */
  readonly request?: MemoryRequest;
  /** what becomes known of kernels that were run at once: an error if one does not compile */
  readonly doubts?: Iterable<Promise<PyramidFlowError | undefined>>;
  /** number of the submit, in order */
  readonly submit?: number;
}

/**
 * Keeps the first error of a device, which every later call throws, since no result after it can be trusted. Drivers report errors
 * asynchronously, so a result is handed out only after `settled`. A kernel that does not compile is no such error: it spoils its
 * submit and whatever rests on that, but later work is as good as before.
 */
export class Faults {
  private first: PyramidFlowError | undefined;
  private readonly spoils: Spoil[] = [];
  private delivered = 0; // of them, those that a result has rejected with
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

  /**
   * A check of a result that is asked for now, and includes submits up to number `submit`. It resolves when the driver has answered
   * for all of them. It rejects with the first error, or with that of a kernel that was not known to be broken when the result was
   * asked for.
   */
  expectation(submit: number): () => Promise<void> {
    const { delivered } = this;
    return async () => {
      await this.settled();
      const spoil = this.spoils[delivered];
      if (!spoil) return;
      const next = this.spoils.findIndex(
        (other, i) => i >= delivered && (other.error !== spoil.error || other.submit > submit),
      );
      this.delivered = Math.max(this.delivered, next < 0 ? this.spoils.length : next);
      throw spoil.error;
    };
  }

  /** Keeps whatever the driver refuses from here to `unwatch`. Calls may be nested. */
  watch(): void {
    for (const filter of FILTERS) this.device.pushErrorScope(filter);
  }

  unwatch({ request, doubts = [], submit = 0 }: Watched = {}): void {
    const scopes = FILTERS.map(() => this.device.popErrorScope());
    this.answers = Promise.all([this.answers, Promise.all(doubts), ...scopes]).then(
      ([, verdicts, ...errors]) => {
        const broken = new Set(verdicts.filter((verdict) => verdict !== undefined));
        for (const error of broken) this.spoils.push({ submit, error });
        for (const error of errors) {
          const consequence = broken.size > 0 && isValidation(error);
          if (error && !consequence) this.keep(gpuError(error, this.held(), request));
        }
      },
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
      this.unwatch({ request });
    }
  }

  /** Makes something now. What the driver has against it is told, but not kept. */
  tried<T>(make: () => T): { made: T; refusal: Promise<GPUError | undefined> } {
    const filters = ['internal', 'validation'] as const;
    for (const filter of filters) this.device.pushErrorScope(filter);
    let made: T;
    let refusal: Promise<GPUError | undefined>;
    try {
      made = make();
    } finally {
      refusal = this.popAll(filters);
    }
    return { made, refusal };
  }

  /**
   * Makes a pipeline on the driver's own threads. A compile error is thrown but not kept: nothing recorded so far needs the
   * pipeline.
   *
   * @param explain what to throw where the driver refuses it
   */
  async compiled<T>(
    make: () => Promise<T>,
    explain: (cause: unknown) => PyramidFlowError | Promise<PyramidFlowError>,
  ): Promise<T> {
    this.throwIfAny();
    const { made, refusal } = this.tried(make);
    try {
      const pipeline = await made;
      this.throwIfAny(); // a lost device resolves to invalid pipelines
      return pipeline;
    } catch (cause) {
      await this.newsOfLoss();
      this.throwIfAny();
      throw await explain((await refusal) ?? cause); // an error of the module says more than that of its pipeline
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

  private popAll(filters: readonly GPUErrorFilter[]): Promise<GPUError | undefined> {
    const scopes = filters.map(() => this.device.popErrorScope());
    return Promise.all(scopes).then(
      (errors) => errors.find((error) => error !== null) ?? undefined,
      () => undefined, // the device is lost, which is told elsewhere
    );
  }
}
