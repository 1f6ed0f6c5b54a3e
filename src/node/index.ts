export type {
  Checkpoint,
  EpochLog,
  ManifestEntry,
  TrainingState,
} from '../checkpoint/checkpoint';
export { type ErrorCode, type ErrorDetails, PyramidFlowError } from '../core/errors';
export type { DatasetLayout, TestImage } from '../dataset/layouts';
export { Runtime } from '../gpu/runtime';
export type { ByteImage } from '../image/augment';
export type { Size, SizeRequest } from '../image/size';
export { Detector } from '../inspection/detector';
export type {
  Detection,
  DetectionTimings,
  DetectOptions,
  GpuDetection,
  GpuImage,
  Verdict,
} from '../inspection/gpu-detector';
export { type Evaluation, EvaluationRun, type Metric } from '../metrics/evaluation-run';
export type { Normalization } from '../ops/preprocess';
export type { PyramidFlowConfig } from '../pyramidflow/config';
export { PyramidFlow } from '../pyramidflow/pyramid-flow';
export type { NetworkSettings, TrainingSettings } from '../pyramidflow/settings';
export type { ResumeOptions, TrainingOptions, TrainingPlan } from '../training/plan';
export type { TrainProgress } from '../training/progress';
export { openRuntime } from './dawn';
export {
  type EvaluatedImage,
  type EvaluateOptions,
  evaluateFolder,
  type FailedImage,
  type FolderEvaluation,
  type JudgedImage,
} from './evaluate-folder';
export { readCheckpoint, writeCheckpoint } from './files/checkpoint-file';
export { type Dataset, openDataset } from './files/dataset';
export { MAX_PIXELS, type ReadOptions, readImage, writePng } from './files/image-file';
export type { OutputOptions } from './files/output-file';
export { type LoadOptions, loadDetector } from './load-detector';
export { type TrainFolderOptions, type TrainingResult, trainFolder } from './train-folder';
