/** Every error a user can meet: a code, a sentence that says what was wrong and where, and a remedy. */
export type ErrorCode =
  | 'ShapeError' // a tensor, image or batch has a size that cannot work
  | 'DataError' // a folder, image or mask is missing or unreadable
  | 'CheckpointError' // a model file is damaged or does not fit
  | 'UsageError' // an option or argument makes no sense
  | 'NumericError' // a NaN or an infinity appeared
  | 'DeviceError'; // no adapter, a lost device, a rejected command, out of memory

/** What a program can act on. The core names settings, the command line turns them into its options. */
export interface ErrorDetails {
  /** settings that the remedy is about, such as 'batch' */
  readonly settings?: readonly string[];
}

/**
 * The error of everything in this package that a user can meet. `message` is the problem and the remedy.
 *
 * @example
 * try {
 *   await detector.detect(image);
 * } catch (error) {
 *   if (error instanceof PyramidFlowError && error.code === 'DeviceError') retryLater(error.remedy);
 *   else throw error;
 * }
 */
export class PyramidFlowError extends Error {
  readonly details?: ErrorDetails;

  /**
   * @param problem what was wrong and where, without a full stop
   * @param remedy what to do about it
   */
  constructor(
    readonly code: ErrorCode,
    readonly problem: string,
    readonly remedy: string,
    { details, ...options }: ErrorOptions & { readonly details?: ErrorDetails } = {},
  ) {
    super(`${problem}; ${remedy}`, options);
    this.name = code;
    if (details) this.details = details;
  }
}
