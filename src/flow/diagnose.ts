import { PyramidFlowError } from '../core/errors';
import type { Tensor } from '../tensor/tensor';
import type { Flow, Loss } from './flow';
import { inverseErrors } from './inverse-errors';

// What a step of training loads only where it has failed.

const TRAINING = { training: true };

/** Repeats a step whose loss or gradients were not finite, module by module, and returns the error that names the first culprit. */
export async function findNotFinite(flow: Flow, x: readonly Tensor[], loss: Loss, at: string): Promise<PyramidFlowError> {
  const where = (await badInForward(flow, x)) ?? (await badInBackward(flow, x, loss)) ?? 'the loss';
  const remedy = 'lower the learning rate, or check the data; the parameters are as before this step';
  return new PyramidFlowError('NumericError', `${at}: ${where} is not finite`, remedy);
}

async function badInForward({ chain, modules, parameters }: Flow, x: readonly Tensor[]): Promise<string | undefined> {
  for (const level of x) if (!(await allFinite(level))) return `the input ${level.label}`;
  for (const name of parameters.names) if (!(await allFinite(parameters.get(name)))) return `the parameter ${name}`;
  const levels = x.map((level) => level.copy());
  try {
    for (const [i, { name }] of modules.entries()) {
      chain.forward(levels, TRAINING, {}, i, i + 1);
      for (const level of levels) if (!(await allFinite(level))) return `the output of module ${i} (${name})`;
    }
  } finally {
    for (const level of levels) level.free();
  }
  return undefined;
}

async function badInBackward(flow: Flow, x: readonly Tensor[], loss: Loss): Promise<string | undefined> {
  const made = flow.gradients(x, loss);
  const [value = NaN] = await made.loss.read();
  for (const tensor of [made.loss, ...made.x, ...made.rebuilt]) tensor.free();
  if (!Number.isFinite(value)) return 'the loss, or a log determinant,';
  for (const name of flow.parameters.names.toReversed()) {
    if (!(await allFinite(flow.parameters.gradient(name)))) return `the gradient of ${name}`;
  }
  return undefined;
}

const allFinite = async (tensor: Tensor): Promise<boolean> => (await tensor.read()).every(Number.isFinite);

/** What a step found when it compared its input with the rebuilt one. */
export interface RebuiltError {
  readonly at: string;
  readonly error: number;
  readonly bound: number;
}

/** Finds the module whose inverse is most wrong, and returns the error that names it. */
export async function findWrongInverse(
  flow: Flow,
  x: readonly Tensor[],
  { at, error, bound }: RebuiltError,
): Promise<PyramidFlowError> {
  const errors = await inverseErrors(flow, x);
  const worst = errors.reduce((a, b) => (b.error > a.error || Number.isNaN(b.error) ? b : a));
  const problem = `${at}: the input that the inverses rebuilt is off by ${short(error)}, more than ${short(bound)}; most of it comes from ${worst.name}, off by ${short(worst.error)}`;
  const remedy = 'check that its inverse undoes its forward (checkFlow), or keep levels instead of rebuilding them: keep: 4';
  return new PyramidFlowError('NumericError', problem, remedy);
}

const short = (value: number): string => value.toPrecision(2);
