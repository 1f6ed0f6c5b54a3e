import { PyramidFlowError } from '../core/errors';
import { type AdapterReport, requestDevice } from '../gpu/device';
import { Runtime } from '../gpu/runtime';
import { supportError } from './support';

/** How long after a failure news of a lost device may still come, in ms. */
const PATIENCE = 100;

/**
 * A GPU device that detectors share. When it is lost (a driver that was restarted, a laptop that changed GPUs), it is opened
 * once more, and its detectors go on there; the next loss is an error.
 */
export class SharedDevice {
  private readonly lost = new WeakSet<Runtime>();
  private losses = 0;
  private destroyed = false;
  private present: Promise<Runtime> | undefined;
  private opened: Runtime | undefined;

  /** What computes; undefined before the first use. */
  get adapter(): AdapterReport | undefined {
    return this.opened?.adapter;
  }

  /** The device as it is now, a new one after a loss. Throws DeviceError where there is none, or it was lost again. */
  async runtime(): Promise<Runtime> {
    if (this.destroyed) throw new PyramidFlowError('DeviceError', 'this device was destroyed', 'open another');
    const { opened } = this;
    if (opened && this.lost.has(opened) && this.losses > 1) {
      throw new PyramidFlowError('DeviceError', 'the GPU device was lost twice', 'reload the page; if that does not help, update the graphics driver');
    }
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
        this.losses++;
      });
      return (this.opened = gpu);
    } catch (error) {
      this.present = undefined; // so that another attempt can be made
      throw error;
    }
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
