import { PyramidFlowError } from '../core/errors';
import { type AdapterReport, requestDevice } from '../gpu/device';
import { PATIENCE } from '../gpu/faults';
import { Runtime } from '../gpu/runtime';
import { supportError } from './support';

/** So many losses within a minute are no accident: whatever the page does makes the driver fail. */
const MOST_LOSSES = 3;
const MINUTE = 60_000;

/**
 * A GPU device that detectors share. When it is lost (a driver that was restarted, a laptop that changed GPUs), it is opened
 * again, and its detectors go on there. The third loss within a minute is an error until the minute is over.
 */
export class SharedDevice {
  private readonly lost = new WeakSet<Runtime>();
  private losses: number[] = []; // when, in ms
  private destroyed = false;
  private present: Promise<Runtime> | undefined;
  private opened: Runtime | undefined;

  /** @param clock ms since any moment */
  constructor(private readonly clock = () => performance.now()) {}

  /** What computes; undefined before the first use. */
  get adapter(): AdapterReport | undefined {
    return this.opened?.adapter;
  }

  /** The device as it is now, a new one after a loss. Throws DeviceError where there is none, or after repeated losses. */
  async runtime(): Promise<Runtime> {
    this.throwDestroyed();
    const { opened } = this;
    if (opened && this.lost.has(opened)) this.throwLostOften();
    if (opened && (this.lost.has(opened) || opened.failed)) this.forget();
    this.present ??= this.open();
    return this.present;
  }

  /** Whether a runtime that has failed did so because its device was lost. */
  async wasLost(gpu: Runtime): Promise<boolean> {
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE));
    await Promise.race([gpu.device.lost, patience]);
    return this.lost.has(gpu) && !this.destroyed;
  }

  /** Frees the device and everything on it. */
  destroy(): void {
    this.destroyed = true;
    this.opened?.destroy();
  }

  private async open(): Promise<Runtime> {
    try {
      const lack = await supportError();
      if (lack) throw lack;
      const gpu = new Runtime(await requestDevice(navigator.gpu));
      gpu.device.lost.then(() => {
        if (this.destroyed || this.lost.has(gpu)) return;
        this.lost.add(gpu);
        this.losses.push(this.clock());
      });
      if (this.destroyed) gpu.destroy(); // while it was opened
      this.throwDestroyed();
      return (this.opened = gpu);
    } catch (error) {
      this.present = undefined; // so that another attempt can be made
      throw error;
    }
  }

  private throwDestroyed(): void {
    if (this.destroyed) throw new PyramidFlowError('DeviceError', 'this device was destroyed', 'open another');
  }

  private throwLostOften(): void {
    const now = this.clock();
    this.losses = this.losses.filter((time) => now - time < MINUTE);
    if (this.losses.length < MOST_LOSSES) return;
    throw new PyramidFlowError(
      'DeviceError',
      `the GPU device was lost ${this.losses.length} times within a minute`,
      'close other pages and programs that use the GPU, and try again in a minute or reload the page; ' +
        'if that does not help, update the graphics driver',
    );
  }

  private forget(): void {
    const { opened } = this;
    this.opened = this.present = undefined;
    if (opened && !this.lost.has(opened)) {
      this.lost.add(opened); // by us: it does not count
      opened.destroy();
    }
  }
}

let pageDevice: SharedDevice | undefined;

/** The device that detectors of this page share when they are given none. */
export const sharedDevice = (): SharedDevice => (pageDevice ??= new SharedDevice());

/** Opens a device of its own, to be shared by the detectors that it is given to. Throws DeviceError. */
export async function openDevice(): Promise<SharedDevice> {
  const device = new SharedDevice();
  await device.runtime();
  return device;
}
