import type { Runtime } from '../gpu/runtime';
import { Detector } from '../inspection/detector';
import { sharedRuntime } from './dawn';
import { readCheckpoint } from './files/checkpoint-file';

/** How a detector is loaded. */
export interface LoadOptions {
  /** from `openRuntime`; default one that all detectors of the process share, and that stays open as long as it runs */
  readonly gpu?: Runtime;
  /** called for a file that is too old to have a checksum; default a warning of the process */
  onNotice?(text: string): void;
}

/**
 * A detector from a model file, with its kernels compiled. `detector.dispose()` frees its memory on the GPU.
 *
 * @param path of a model file that `trainFolder`, `pyramidflow train` or a page has written
 * @throws CheckpointError where the file is missing or damaged or its training is not finished, DeviceError without a
 *   usable adapter
 * @example
 * const detector = await loadDetector('screws.safetensors');
 * const { map, score, verdict } = await detector.detect(await readImage('part.png'));
 * detector.dispose();
 */
export async function loadDetector(path: string, { gpu, onNotice }: LoadOptions = {}): Promise<Detector> {
  const checkpoint = await readCheckpoint(path, onNotice);
  const detector = Detector.fromCheckpoint(gpu ?? (await sharedRuntime()), checkpoint);
  try {
    await detector.compile();
  } catch (error) {
    detector.dispose();
    throw error;
  }
  return detector;
}
