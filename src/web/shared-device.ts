import { PyramidFlowError } from '../core/errors';
import type { AdapterReport } from '../gpu/device';
import { PATIENCE } from '../gpu/faults';
import { Runtime } from '../gpu/runtime';
import { openPageGpu } from './page-gpu';

/** This many losses within a minute are no accident: something in the page makes the driver fail. */
const MOST_LOSSES = 3;
const MINUTE = 60_000; // ms

/**
 * A GPU device that detectors share. After a loss (the driver was restarted, a laptop switched GPUs) it is opened again, and
 * its detectors go on there. The third loss within a minute is an error until that minute is over.
 */
export class SharedDevice {
  private readonly lost = new WeakSet<Runtime>();
  private losses: number[] = []; // their times
  private disposed = false;
  private present: Promise<Runtime> | undefined;
  private opened: Runtime | undefined;

  /** @param clock milliseconds since any fixed moment */
  constructor(private readonly clock = () => performance.now()) {}

  /** The GPU, its features and limits; undefined before the first use. */
  get adapter(): AdapterReport | undefined {
    return this.opened?.adapter;
  }

  /**
   * The device, opened at the first call and again after a loss.
   *
   * @throws DeviceError where the page has no WebGPU, the device was lost too often, or it was disposed
   */
  async runtime(): Promise<Runtime> {
    this.throwIfDisposed();
    const { opened } = this;
    if (opened && this.lost.has(opened)) this.throwIfLostOften();
    if (opened && (this.lost.has(opened) || opened.failed)) this.forget();
    this.present ??= this.open();
    return this.present;
  }

  /** Whether a runtime that has failed did so because its device was lost. */
  async wasLost(gpu: Runtime): Promise<boolean> {
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE));
    await Promise.race([gpu.device.lost, patience]);
    return this.lost.has(gpu) && !this.disposed;
  }

  /** Frees the device and everything on it. Its detectors can no longer be used. */
  dispose(): void {
    this.disposed = true;
    this.opened?.dispose();
  }

  /** As `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  private async open(): Promise<Runtime> {
    try {
      const gpu = new Runtime(await openPageGpu());
      gpu.device.lost.then(() => {
        if (this.disposed || this.lost.has(gpu)) return;
        this.lost.add(gpu);
        this.losses.push(this.clock());
      });
      if (this.disposed) gpu.dispose(); // disposed while it was opened
      this.throwIfDisposed();
      return (this.opened = gpu);
    } catch (error) {
      this.present = undefined; // so that the next call tries again
      throw error;
    }
  }

  private throwIfDisposed(): void {
    if (!this.disposed) return;
    throw new PyramidFlowError('DeviceError', 'this device was disposed', 'open another with openDevice()');
  }

  private throwIfLostOften(): void {
    const now = this.clock();
    this.losses = this.losses.filter((time) => now - time < MINUTE);
    if (this.losses.length < MOST_LOSSES) return;
    throw new PyramidFlowError(
      'DeviceError',
      `the GPU device was lost ${this.losses.length} times within a minute`,
      'close other pages and programs that use the GPU, then try again in a minute or reload the page; ' +
        'if that does not help, update the graphics driver',
    );
  }

  private forget(): void {
    const { opened } = this;
    this.opened = this.present = undefined;
    if (opened && !this.lost.has(opened)) {
      this.lost.add(opened); // given up by us, which does not count as a loss
      opened.dispose();
    }
  }
}

let pageDevice: SharedDevice | undefined;

/** The device of all detectors of this page that are not given one. */
export const sharedDevice = (): SharedDevice => (pageDevice ??= new SharedDevice());

/**
 * Opens a device for the detectors that it is passed to, apart from the one that the page's other detectors share: disposing
 * it frees all their memory at once.
 *
 * @throws DeviceError where the page has no WebGPU
 * @example
 * const device = await openDevice();
 * const detector = await loadDetector('flange.safetensors', { device });
 * // ...
 * device.dispose();
 */
export async function openDevice(): Promise<SharedDevice> {
  const device = new SharedDevice();
  await device.runtime();
  return device;
}
