import type { Parameter } from '../autograd/parameters';
import { PyramidFlowError } from '../core/errors';
import type { Random } from '../core/random';
import { expectShape } from '../ops/shape';
import type { Shape, Tensor } from '../tensor/tensor';

/** How a pass through a flow runs. */
export interface Pass {
  /** true: normalize by the statistics of the batch; false: by the running means */
  readonly training: boolean;
  /** update the running means from the batch; a training step does so once, in its forward pass; default false */
  readonly updateRunningMeans?: boolean;
}

/** Tensors by name, such as the parameters of a module. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** What a bijection makes of its input. */
export interface Transformed {
  readonly y: Tensor;
  /** computes log |det dy/dx| of every item, (N), or [1] where it is the same for all; left out where it is 0 */
  readonly logDet?: () => Tensor;
}

/**
 * An invertible map of one tensor, perhaps conditioned on others, which it leaves unchanged. `forward` and `inverse` are written as
 * operations on tensors, and free nothing: a flow does. With these alone it trains without keeping activations.
 *
 * @example
 * // y = exp(s) x, with a scale for every channel
 * const scaling: Bijection = {
 *   name: 'scaling',
 *   parameters: ([channels]) => ({ s: { shape: [1, channels], data: new Float32Array(channels) } }),
 *   forward: (x, { s }) => ({ y: mul(x, exp(s)), logDet: () => sum(s) }),
 *   inverse: (y, { s }) => div(y, exp(s)),
 * };
 */
export interface Bijection {
  /** in error messages, and in the names of parameters */
  readonly name: string;
  /**
   * The shape of an item of y, without the batch; default that of x.
   *
   * @param x the shape of an item
   * @param given those of the conditions
   * @throws PyramidFlowError ShapeError for shapes that it cannot take
   */
  shape?(x: Shape, given: readonly Shape[]): Shape;
  /** Initial parameters, by name; default none. They should make the map close to the identity. */
  parameters?(x: Shape, random: Random, given: readonly Shape[]): Readonly<Record<string, Parameter>>;
  /** Sets parameters from the first batch, on the GPU, before the first training step (as actNorm does). */
  start?(x: Tensor, p: Tensors, given: readonly Tensor[]): void;
  /**
   * y of x, and the log determinant, as operations on tensors: gradients come from them.
   *
   * @param x (N, ...), an item being of the shape that `shape` was told
   * @param p the parameters, by the names that `parameters` gave them
   * @param given the conditions, (N, ...) each
   */
  forward(x: Tensor, p: Tensors, given: readonly Tensor[], pass: Pass): Transformed;
  /** x of y: what `forward` computed y from. Arguments as for `forward`. */
  inverse(y: Tensor, p: Tensors, given: readonly Tensor[], pass: Pass): Tensor;
  /** Faster kernels for the same mathematics, which work in place. `checkFlow` compares them with `forward` and `inverse`. */
  readonly fused?: Fused;
}

/** `forward` and its backward in place, for losses that do not depend on the log determinant. */
export interface Fused {
  /** Replaces the contents of x by y. */
  forward(x: Tensor, p: Tensors, given: readonly Tensor[], pass: Pass): void;
  /**
   * Inverse and backward at once: replaces the contents of `value` by x and those of `gradient` by d(loss)/dx, and adds to the
   * gradients of parameters and conditions.
   */
  backward(target: ValueAndGradient, p: Tensors, dp: GradientOf, given: readonly ValueAndGradient[], pass: Pass): void;
}

/** A tensor, and d(loss)/d(tensor), of the same shape. */
export interface ValueAndGradient {
  readonly value: Tensor;
  readonly gradient: Tensor;
}

/** The gradient of a parameter, by its name, to which a fused backward adds. */
export type GradientOf = (parameter: string) => Tensor;

/**
 * An invertible map of all levels of a flow. `on` makes one of a bijection. Levels that it leaves unchanged are passed on as the
 * same tensors.
 */
export interface Module {
  readonly name: string;
  /** what the names of its parameters begin with */
  readonly prefix: string;
  /** The shapes of items after it, level by level. Throws ShapeError for shapes that it cannot take. */
  shapes(before: readonly Shape[]): Shape[];
  /** Initial parameters, by name; default none. */
  parameters?(before: readonly Shape[], random: Random): Readonly<Record<string, Parameter>>;
  /** As `Bijection.start`. */
  start?(levels: readonly Tensor[], p: Tensors): void;
  /** All levels after it, as operations on tensors. */
  forward(levels: readonly Tensor[], p: Tensors, pass: Pass): TransformedLevels;
  /** All levels before it. */
  inverse(levels: readonly Tensor[], p: Tensors, pass: Pass): Tensor[];
  /** As `Bijection.fused`. */
  readonly fused?: {
    /** As `Fused.forward`. */
    forward(levels: readonly Tensor[], p: Tensors, pass: Pass): void;
    /** As `Fused.backward`. */
    backward(levels: readonly ValueAndGradient[], p: Tensors, dp: GradientOf, pass: Pass): void;
  };
}

/** What a module makes of the levels. */
export interface TransformedLevels {
  readonly levels: Tensor[];
  /** as that of `Transformed` */
  readonly logDet?: () => Tensor;
}

/** Where a bijection works. */
export interface Placement {
  /** the levels that condition it */
  readonly given?: readonly number[];
  /** in error messages; default the bijection's name and the level */
  readonly name?: string;
  /** what the names of its parameters begin with; default the place in the flow, and the bijection's name */
  readonly prefix?: string;
}

/**
 * Puts a bijection on one level of a flow, conditioned on others. A flow puts bijections that are placed nowhere on level 0.
 *
 * @param level from 0
 * @example
 * on(1, coupling({ network: cnn(32), resize: nearest }), { given: [0, 2] })
 */
export function on(level: number, bijection: Bijection, { given = [], name, prefix = '' }: Placement = {}): Module {
  const { fused } = bijection;
  const conditions = <T>(levels: readonly T[]): T[] => given.map((i) => levels[i]!);
  const replaced = <T>(levels: readonly T[], value: T): T[] => levels.map((old, i) => (i === level ? value : old));
  const shapeOf = (x: Shape, conditionShapes: readonly Shape[]) => bijection.shape?.(x, conditionShapes) ?? x;
  const item = ({ shape }: Tensor): Shape => shape.slice(1);
  return {
    name: name ?? (level === 0 && given.length === 0 ? bijection.name : `${bijection.name} on level ${level}`),
    prefix,
    shapes(before) {
      checkLevels(bijection.name, level, given, before.length);
      const x = before[level]!;
      return replaced(before, shapeOf(x, conditions(before)));
    },
    parameters: (before, random) => bijection.parameters?.(before[level]!, random, conditions(before)) ?? {},
    start: (levels, p) => bijection.start?.(levels[level]!, p, conditions(levels)),
    forward(levels, p, pass) {
      const [x, others] = [levels[level]!, conditions(levels)];
      const { y, logDet } = bijection.forward(x, p, others, pass);
      expectShape(y, [x.shape[0]!, ...shapeOf(item(x), others.map(item))], `the result of ${bijection.name}`);
      return { levels: replaced(levels, y), logDet };
    },
    inverse: (levels, p, pass) => replaced(levels, bijection.inverse(levels[level]!, p, conditions(levels), pass)),
    fused: fused && {
      forward: (levels, p, pass) => fused.forward(levels[level]!, p, conditions(levels), pass),
      backward: (levels, p, dp, pass) => fused.backward(levels[level]!, p, dp, conditions(levels), pass),
    },
  };
}

function checkLevels(name: string, level: number, given: readonly number[], count: number): void {
  for (const index of [level, ...given]) {
    if (Number.isInteger(index) && index >= 0 && index < count) continue;
    const problem = `${name} was put on, or given, level ${index} of a flow with ${count} level${count === 1 ? '' : 's'}`;
    throw new PyramidFlowError('UsageError', problem, `use a level from 0 to ${count - 1}`);
  }
  if (!given.includes(level)) return;
  throw new PyramidFlowError(
    'UsageError',
    `${name} is conditioned on level ${level}, which it replaces`,
    'condition it on other levels; a coupling conditions one half of its own channels on the other by itself',
  );
}
