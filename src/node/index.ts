import type { Runtime } from '../gpu/runtime';
import { Detector } from '../inspection/detector';
import { readCheckpoint } from './files/checkpoint-file';
import { openRuntime } from './dawn';

export { type ErrorCode, PyramidFlowError } from '../core/errors';
export { Runtime } from '../gpu/runtime';
export type { ByteImage } from '../image/augment';
export { type Detection, type DetectionTimings, Detector, type Verdict } from '../inspection/detector';
export { readCheckpoint, writeCheckpoint } from './files/checkpoint-file';
export { openRuntime } from './dawn';
export { openDataset } from './files/dataset';
export { type FailedPicture, type FolderEvaluation, evaluateFolder } from './evaluate-folder';
export { MAX_PIXELS, type ReadOptions, readImage, writePng } from './files/image-file';
export { type TrainFolderOptions, type TrainingObserver, trainFolder } from './train-folder';

/** A detector from a model file, ready to look at pictures. Throws CheckpointError, DeviceError. */
export async function loadDetector(path: string, gpu?: Runtime): Promise<Detector> {
  const checkpoint = await readCheckpoint(path);
  const detector = Detector.fromCheckpoint(gpu ?? (await openRuntime()), checkpoint);
  await detector.compile();
  return detector;
}
