import { abortable } from './abort';
import { type CheckpointSource, loadCheckpoint } from './checkpoint-source';
import { PageDetector } from './page-detector';
import { type SharedDevice, sharedDevice } from './shared-device';

export interface LoadOptions {
  /** default the one that all detectors of the page share */
  readonly device?: SharedDevice;
  readonly signal?: AbortSignal;
}

/** A detector from a model file, ready to look at images. Throws CheckpointError, DeviceError, the signal's reason. */
export async function loadDetector(source: CheckpointSource, options: LoadOptions = {}): Promise<PageDetector> {
  const { device = sharedDevice(), signal } = options;
  signal?.throwIfAborted();
  const start = performance.now();
  const opening = device.runtime();
  opening.catch(() => undefined); // it is awaited below
  const checkpoint = await loadCheckpoint(source, signal);
  const timings = { fetch: performance.now() - start, compile: 0, upload: 0 };
  await abortable(opening, signal);
  const detector = new PageDetector(device, checkpoint, timings);
  try {
    await abortable(detector.prepare(), signal);
  } catch (error) {
    detector.dispose();
    throw error;
  }
  return detector;
}
