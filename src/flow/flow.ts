import type { Adam } from '../autograd/adam';
import { ParameterSet } from '../autograd/parameters';
import { Tape } from '../autograd/tape';
import { PyramidFlowError } from '../core/errors';
import { Random } from '../core/random';
import type { Runtime } from '../gpu/runtime';
import { fill, zerosLike } from '../ops/elementwise';
import { abs, sub } from '../ops/math';
import { isRecording } from '../ops/op';
import { maxPerItem } from '../ops/reduce';
import { gatherScalars } from '../ops/scalars';
import { expectShape } from '../ops/shape';
import { scope } from '../tensor/scope';
import { elements, type Shape, Tensor } from '../tensor/tensor';
import { type Bijection, type Module, on, type Pass } from './bijection';
import { type Anchors, ReversibleChain } from './reversible';

/** One value from the latent, level by level, and the log determinants (N): a loss, [1]. */
export type Loss = (z: readonly Tensor[], logDet: Tensor) => Tensor;

/** A batch: a tensor (N, ...) for each level. For a flow with one level also a tensor, or its values. */
export type Batch = Tensor | readonly Tensor[] | Float32Array;

/** How a flow starts and trains. */
export interface FlowOptions {
  /** of the initial parameters, a whole number; default 0 */
  readonly seed?: number;
  /**
   * Keep the levels before every `keep`-th module in training, instead of rebuilding them, for modules whose inverses lose digits.
   * Memory grows by one copy of the levels for each. Default 0: none.
   */
  readonly keep?: number;
  /**
   * The largest error of the rebuilt input that a training step accepts, relative to the largest value of the input (or 1, if that is
   * larger); default 1e-3
   */
  readonly tolerance?: number;
  /** existing parameters, by the names that the flow would give them; default new ones */
  readonly parameters?: ParameterSet;
}

/** How gradients are computed. */
export interface GradientOptions {
  /**
   * false: the loss does not use its second argument. Log determinants are then not computed, and fused kernels run where there are
   * any. Default true.
   */
  readonly logDet?: boolean;
}

/** What `gradients` finds. The gradients of the parameters are in the parameter set. */
export interface FlowGradients {
  /** [1] */
  readonly loss: Tensor;
  /** d(loss)/dx, level by level */
  readonly x: Tensor[];
  /** largest difference between the input and the one rebuilt by inverses, and largest value of the input, [1] each */
  readonly rebuilt: readonly [error: Tensor, magnitude: Tensor];
}

/**
 * A normalizing flow: invertible modules in a row, from data x to a latent z. It trains without keeping activations: the backward pass
 * rebuilds the input of each module from its output by the inverse, so memory does not grow with the number of modules.
 *
 * @example
 * const flow = new Flow(gpu, [2], Array.from({ length: 8 }, (_, i) => coupling({ network: mlp(64), flip: i % 2 === 1 })));
 * const adam = new Adam(flow.parameters, { learningRate: 1e-3 });
 * for (let i = 0; i < 400; i++) await flow.step(points(256), nll, adam); // points() returns 512 numbers
 * const [samples] = flow.sample(1000);
 */
export class Flow {
  readonly modules: readonly Module[];
  readonly parameters: ParameterSet;
  /** of items of the input, level by level */
  readonly inputShapes: readonly Shape[];
  /** of items of the latent, level by level */
  readonly latentShapes: readonly Shape[];
  /** @internal the chain of modules that it runs */
  readonly chain: ReversibleChain;
  private readonly keep: number;
  private readonly tolerance: number;
  /** whether parameters that depend on data were set (`Bijection.start`); the first step does it */
  started = false;
  private compiled = false;

  /**
   * @param shape of an item of the input, without the batch: [2] for points, [3, 16, 16] for images, or a list of shapes for levels
   * @param modules bijections (on level 0), or modules made by `on` and `split`
   * @throws PyramidFlowError ShapeError, which names the module, if shapes do not fit
   */
  constructor(
    readonly gpu: Runtime,
    shape: Shape | readonly Shape[],
    modules: readonly (Bijection | Module)[],
    { seed = 0, keep = 0, tolerance = 1e-3, parameters }: FlowOptions = {},
  ) {
    this.inputShapes = typeof shape[0] === 'number' ? [shape as Shape] : (shape as readonly Shape[]);
    if (this.inputShapes.length === 0) {
      const remedy = 'pass the shape of an item, such as [2] or [3, 16, 16], or one for each level';
      throw new PyramidFlowError('ShapeError', 'a flow of no shape', remedy);
    }
    this.modules = modules.map(placed);
    const random = new Random(seed);
    let shapes: readonly Shape[] = this.inputShapes;
    const initial = this.modules.flatMap((module, i) => {
      const before = shapes;
      shapes = withPlace(i, module, () => module.shapes(before));
      if (parameters) return [];
      return Object.entries(module.parameters?.(before, random) ?? {}).map(([name, parameter]) => ({
        name: `${module.prefix}.${name}`,
        ...parameter,
      }));
    });
    this.latentShapes = shapes;
    this.parameters = parameters ?? new ParameterSet(initial, gpu);
    this.chain = new ReversibleChain(this.modules, this.parameters);
    this.keep = keep;
    this.tolerance = tolerance;
  }

  /**
   * From data to latent. Inside `grad`, or on a tape, it is differentiable.
   *
   * @param pass default inference
   * @returns the latent, level by level, and log |det dz/dx| of every item, (N)
   * @throws PyramidFlowError ShapeError for a batch of other shapes
   */
  forward(x: Batch, pass: Pass = { training: false }): { z: Tensor[]; logDet: Tensor } {
    return scope(() => {
      const levels = this.levelsOf(x);
      const logDet = this.zeros(levels);
      if (isRecording()) {
        const made = this.chain.forwardHere(levels, pass, logDet);
        return { z: made.levels, logDet: made.logDet! };
      }
      const z = levels.map((level) => level.copy());
      this.chain.forward(z, pass, { logDet });
      return { z, logDet };
    });
  }

  /**
   * From latent to data. It has no gradient: to train through it, exchange forward and inverse of the bijections.
   *
   * @throws PyramidFlowError ShapeError for a latent of other shapes; UsageError inside `grad`
   */
  inverse(z: Batch, pass: Pass = { training: false }): Tensor[] {
    if (isRecording()) {
      const remedy = 'call it outside, or exchange forward and inverse of the bijections';
      throw new PyramidFlowError('UsageError', 'the inverse of a flow was called inside grad, and has no gradient', remedy);
    }
    return scope(() => {
      const levels = this.levelsOf(z, this.latentShapes).map((level) => level.copy());
      this.chain.inverse(levels, pass);
      return levels;
    });
  }

  /**
   * Data for random latents.
   *
   * @param count of items
   * @param options seed: default 0; temperature: standard deviation of the latent, default 1
   */
  sample(count: number, { seed = 0, temperature = 1 }: { seed?: number; temperature?: number } = {}): Tensor[] {
    const random = new Random(seed);
    return scope(() =>
      this.inverse(
        this.latentShapes.map((shape) => {
          const values = Float32Array.from({ length: count * elements(shape) }, () => temperature * random.normal());
          return Tensor.from(this.gpu, [count, ...shape], values, 'latent');
        }),
      ),
    );
  }

  /**
   * Runs forward and backward. The gradients of the parameters replace those in the parameter set; running means are updated.
   *
   * @throws PyramidFlowError ShapeError for a batch of other shapes, or a loss that is not one number
   */
  gradients(x: Batch, loss: Loss, { logDet: usesLogDet = true }: GradientOptions = {}): FlowGradients {
    this.parameters.zeroGradients();
    return scope(() => {
      const input = this.levelsOf(x);
      const levels = input.map((level) => level.copy());
      const logDet = this.zeros(levels);
      const anchors: Anchors = new Map();
      this.chain.forward(
        levels,
        { training: true, updateRunningMeans: true },
        {
          logDet: usesLogDet ? logDet : undefined,
          anchors: this.keep > 0 ? { kept: anchors, every: this.keep } : undefined,
        },
      );
      const { value, dz, dLogDet } = lossGradients(levels, logDet, loss);
      const errors: Tensor[] = [];
      const compare = (rebuilt: readonly Tensor[], original: readonly Tensor[]) => {
        const found = rebuilt.map((level, i) => maxOf(abs(sub(level, original[i]!))));
        errors.push(...found);
        return found;
      };
      this.chain.backward(levels, dz, dLogDet, anchors, compare);
      compare(levels, input);
      const magnitudes = input.map((level) => maxOf(abs(level)));
      return { loss: value, x: dz, rebuilt: [largest(errors), largest(magnitudes)] };
    });
  }

  /**
   * One step of training. Before the first one, parameters that depend on data are set from this batch (`Bijection.start`), and all
   * kernels are compiled.
   *
   * @param adam of `this.parameters`
   * @returns the loss before the step
   * @throws PyramidFlowError NumericError, which names the module, if loss or gradients are not finite (the parameters have not moved
   *   then), or if the input that the inverses rebuilt is off by more than `tolerance`; ShapeError; UsageError for an Adam of other
   *   parameters
   */
  async step(x: Batch, loss: Loss, adam: Adam, options: GradientOptions = {}): Promise<number> {
    if (adam.parameters !== this.parameters) {
      throw new PyramidFlowError('UsageError', 'this Adam trains other parameters', 'make it by new Adam(flow.parameters)');
    }
    const own = x instanceof Float32Array ? this.levelsOf(x) : undefined;
    const levels = own ?? this.levelsOf(x);
    try {
      await this.ready(levels, loss, adam, options);
      const report = this.record(levels, loss, adam, options);
      const at = `step ${adam.steps}`;
      const [value = NaN, squaredNorm = NaN, error = NaN, magnitude = NaN] = await report
        .read()
        .finally(() => report.free());
      if (!Number.isFinite(value) || !Number.isFinite(squaredNorm)) {
        const { findNotFinite } = await import('./diagnose');
        throw await findNotFinite(this, levels, loss, at);
      }
      const bound = this.tolerance * Math.max(1, magnitude);
      if (!(error <= bound)) {
        const { findWrongInverse } = await import('./diagnose');
        throw await findWrongInverse(this, levels, { at, error, bound });
      }
      return value;
    } finally {
      for (const level of own ?? []) level.free();
    }
  }

  /** Frees the parameters. */
  free(): void {
    this.parameters.free();
  }

  /** Records a whole step; the result holds loss, squared gradient norm, error and magnitude of the rebuilt input. */
  private record(levels: readonly Tensor[], loss: Loss, adam: Adam, options: GradientOptions): Tensor {
    return scope(() => {
      const { loss: value, rebuilt } = this.gradients(levels, loss, options);
      return gatherScalars([value, adam.step(), ...rebuilt], 'step report');
    });
  }

  private async ready(levels: readonly Tensor[], loss: Loss, adam: Adam, options: GradientOptions): Promise<void> {
    if (!this.started) {
      scope(() => this.chain.start(levels.map((level) => level.copy())));
      this.started = true;
    }
    if (this.compiled) return;
    this.compiled = true;
    const taken = adam.steps;
    const compiled = this.gpu.rehearse(() => scope(() => void this.record(levels, loss, adam, options)));
    adam.steps = taken;
    await compiled;
  }

  /** A batch as one tensor a level; the values of a Float32Array are uploaded. */
  levelsOf(x: Batch, shapes = this.inputShapes): readonly Tensor[] {
    const [only] = shapes;
    const levels = x instanceof Float32Array ? [this.upload(x, only!)] : x instanceof Tensor ? [x] : x;
    if (levels.length !== shapes.length) {
      const problem = `expected ${shapes.length} level${shapes.length === 1 ? '' : 's'}, got ${levels.length}`;
      throw new PyramidFlowError('ShapeError', problem, 'pass one tensor for each level of the flow');
    }
    const [n = 0] = levels[0]!.shape;
    for (const [i, level] of levels.entries()) expectShape(level, [n, ...shapes[i]!], 'flow');
    return levels;
  }

  private upload(values: Float32Array, shape: Shape): Tensor {
    const count = values.length / elements(shape);
    if (Number.isInteger(count) && count > 0) return Tensor.from(this.gpu, [count, ...shape], values, 'x');
    const problem = `${values.length} values are not a whole number of items of [${shape.join(', ')}]`;
    throw new PyramidFlowError('ShapeError', problem, `pass a multiple of ${elements(shape)} values`);
  }

  private zeros(levels: readonly Tensor[]): Tensor {
    const zeros = Tensor.empty(this.gpu, [levels[0]!.shape[0]!], 'log det');
    fill(zeros, 0);
    return zeros;
  }
}

/** A bijection on level 0, or a module, with a prefix for its parameters. */
function placed(module: Bijection | Module, i: number): Module {
  const onLevel = 'shapes' in module ? module : on(0, module);
  if (onLevel.prefix) return onLevel;
  return Object.create(onLevel, { prefix: { value: `${i}.${onLevel.name.split(' ')[0]}` } });
}

/** Names the module in an error about shapes. */
function withPlace<T>(i: number, { name }: Module, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof PyramidFlowError)) throw cause;
    throw new PyramidFlowError(cause.code, `module ${i} (${name}): ${cause.problem}`, cause.remedy, { cause });
  }
}

/** The loss, and its gradients to the latent and to the log determinants; the latter undefined if it does not depend on them. */
function lossGradients(z: readonly Tensor[], logDet: Tensor, loss: Loss): { value: Tensor; dz: Tensor[]; dLogDet?: Tensor } {
  return scope(() => {
    const tape = new Tape();
    tape.watch(...z, logDet);
    const value = tape.run(() => loss(z, logDet));
    expectShape(value, [1], 'the loss');
    const one = Tensor.empty(value.gpu, [1], 'd loss');
    fill(one, 1);
    const found = tape.backward([[value, one]]);
    return { value, dz: z.map((level) => found.get(level) ?? zerosLike(level, 'dz')), dLogDet: found.get(logDet) };
  });
}

/** The largest value, [1]. */
const maxOf = (x: Tensor): Tensor => maxPerItem(x.view([1, x.size]));

/** The largest of several tensors [1]. */
const largest = (tensors: readonly Tensor[]): Tensor =>
  tensors.length === 1 ? tensors[0]! : maxOf(gatherScalars(tensors, 'candidates'));
