import type { Runtime } from '../gpu/runtime';
import { Detector } from '../inspection/detector';
import { openRuntime } from './dawn';
import { readCheckpoint } from './files/checkpoint-file';

export { type ErrorCode, PyramidFlowError } from '../core/errors';
export { Runtime } from '../gpu/runtime';
export type { ByteImage } from '../image/augment';
export { type Detection, type DetectionTimings, Detector, type Verdict } from '../inspection/detector';
export { openRuntime } from './dawn';
export { evaluateFolder, type FailedPicture, type FolderEvaluation } from './evaluate-folder';
export { readCheckpoint, writeCheckpoint } from './files/checkpoint-file';
export { openDataset } from './files/dataset';
export { MAX_PIXELS, type ReadOptions, readImage, writePng } from './files/image-file';
export { type TrainFolderOptions, type TrainingObserver, trainFolder } from './train-folder';

/** A detector from a model file, ready to look at pictures. Throws CheckpointError, DeviceError. */
export async function loadDetector(path: string, gpu?: Runtime): Promise<Detector> {
  const checkpoint = await readCheckpoint(path);
  const detector = Detector.fromCheckpoint(gpu ?? (await openRuntime()), checkpoint);
  await detector.compile();
  return detector;
}
