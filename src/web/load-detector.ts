import { abortable } from './abort';
import { type CheckpointOptions, type CheckpointSource, loadCheckpoint } from './checkpoint-source';
import { PageDetector } from './page-detector';
import { type SharedDevice, sharedDevice } from './shared-device';

/** How a detector is loaded. */
export interface LoadOptions extends CheckpointOptions {
  /** where the model goes; default the device that all detectors of the page share */
  readonly device?: SharedDevice;
  /** stops loading */
  readonly signal?: AbortSignal;
}

/**
 * Loads a trained model, puts it on the GPU and compiles its kernels: the first image takes no longer than the others.
 *
 * @param source address, bytes or file of a model (.safetensors), as `train` returns it and `pyramidflow train` writes it
 * @throws CheckpointError where the model cannot be read, is damaged or was not trained to the end; DeviceError where the
 *   page has no WebGPU; the signal's reason
 * @example
 * const detector = await loadDetector('flange.safetensors');
 * const detection = await detector.detect(fileInput.files[0]);
 * console.log(detection.verdict, detection.score);
 * detection.draw(canvas, { overlay: true });
 * detection.dispose();
 */
export async function loadDetector(source: CheckpointSource, options: LoadOptions = {}): Promise<PageDetector> {
  const { device = sharedDevice(), signal } = options;
  signal?.throwIfAborted();
  const start = performance.now();
  const opening = device.runtime();
  opening.catch(() => undefined); // awaited below, after the download
  const checkpoint = await loadCheckpoint(source, options);
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
