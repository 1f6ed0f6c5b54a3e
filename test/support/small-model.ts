import type { PyramidFlowConfig } from '../../src/pyramidflow/config';
import { TrainablePyramidFlow } from '../../src/pyramidflow/trainable';
import type { Tensor } from '../../src/tensor/tensor';
import { gpu, randomTensor } from './gpu';
import { SMALL, trainedTensors } from './small-weights';

export { randomByteImage, SMALL, trainedTensors } from './small-weights';

export const smallModel = (change: Partial<PyramidFlowConfig> = {}): TrainablePyramidFlow => {
  const config = { ...SMALL, ...change };
  return TrainablePyramidFlow.fromTensors(gpu, config, trainedTensors(config));
};

export const randomImages = (
  batch: number,
  { height, width }: Pick<PyramidFlowConfig, 'height' | 'width'> = SMALL,
): Tensor => randomTensor([batch, 3, height, width], 'images');
