import { PyramidFlowError } from '../core/errors';
import type { ByteImage } from '../image/augment';
import { networkInput } from '../image/model-input';
import type { Normalization } from '../ops/preprocess';
import { fourierLossAndGradient } from '../pyramidflow/fourier-loss';
import { type TrainablePyramidFlow, trainableChain } from '../pyramidflow/trainable';
import type { Tensor } from '../tensor/tensor';
import type { Trainer } from './step';

/** A tensor that is not finite, and where it first appeared. */
interface Finding {
  readonly block: string;
  readonly tensor: string;
}

/** The step to repeat: where it was, and what the network was given. */
export interface FailedStep {
  readonly epoch: number;
  readonly step: number;
  readonly images: readonly ByteImage[];
  readonly normalization: Normalization;
}

/**
 * Repeats a step whose loss or gradient norm was not finite, piece by piece, and returns the error that names the first
 * tensor that is not. The optimizer has left the parameters as they were before that step.
 */
export async function diagnose(
  trainer: Trainer,
  { epoch, step, images, normalization }: FailedStep,
): Promise<PyramidFlowError> {
  const input = networkInput(trainer.model.gpu, images, normalization);
  const finding = (await findInForward(trainer.model, input)) ?? (await findInBackward(trainer, input));
  input.free();
  const where = finding
    ? `in ${finding.block}: ${finding.tensor} is not finite`
    : 'because the loss was not finite; it is when the step is repeated';
  return new PyramidFlowError(
    'NumericError',
    `training stopped at epoch ${epoch}, step ${step} ${where}`,
    'lower the learning rate, or resume from the last finished epoch',
    { details: { settings: ['learningRate', 'resume'] } },
  );
}

async function findInForward(model: TrainablePyramidFlow, input: Tensor): Promise<Finding | undefined> {
  if (!(await allFinite(input))) return { block: 'the input', tensor: 'images' };
  for (const name of model.parameters.names) {
    if (!(await allFinite(model.parameters.get(name)))) return { block: blockOf(name), tensor: name };
  }
  const levels = model.embed(input);
  const chain = trainableChain(model);
  try {
    for (const [i, { name }] of chain.modules.entries()) {
      chain.forward(levels, { training: true }, {}, i, i + 1);
      for (const [level, tensor] of levels.entries()) {
        if (!(await allFinite(tensor))) return { block: name, tensor: `level ${level}` };
      }
    }
    const { loss, gradients } = fourierLossAndGradient(levels, 2);
    const found = await firstBad([loss, ...gradients]);
    const names = ['loss', ...gradients.map((_, i) => `d loss / d level ${i}`)];
    return found === undefined ? undefined : { block: 'the Fourier loss', tensor: names[found]! };
  } finally {
    for (const level of levels) level.free();
  }
}

async function findInBackward(trainer: Trainer, input: Tensor): Promise<Finding | undefined> {
  trainer.gradients(input, false).free();
  const { parameters } = trainer.model;
  for (const name of parameters.names.toReversed()) {
    if (!(await allFinite(parameters.gradient(name)))) return { block: blockOf(name), tensor: `the gradient of ${name}` };
  }
  return undefined;
}

async function firstBad(tensors: readonly Tensor[]): Promise<number | undefined> {
  let bad: number | undefined;
  for (const [i, tensor] of tensors.entries()) {
    if (bad === undefined && !(await allFinite(tensor))) bad = i;
    tensor.free();
  }
  return bad;
}

const allFinite = async (tensor: Tensor): Promise<boolean> => (await tensor.read()).every(Number.isFinite);

const blockOf = (parameter: string): string => parameter.split('.').slice(0, 2).join('.');
