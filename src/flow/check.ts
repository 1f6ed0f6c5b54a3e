import { Tape } from '../autograd/tape';
import { luDecompose } from '../core/linear-algebra';
import { Random } from '../core/random';
import { add, mul } from '../ops/math';
import { sum } from '../ops/reduce';
import { scope } from '../tensor/scope';
import { elements, type Shape, Tensor } from '../tensor/tensor';
import type { Module, Pass } from './bijection';
import type { Batch, Flow, Loss } from './flow';
import { inverseErrors, largestDifference } from './inverse-errors';
import { ReversibleChain } from './reversible';

/** What `checkFlow` found of one module. */
export interface ModuleReport {
  readonly name: string;
  /** max |inverse(forward(x)) - x|, relative to max |x|, or to 1 if that is larger */
  readonly inverse: number;
  /** difference between its log determinant and that of a numerical Jacobian, relative to the latter, or to 1; undefined for items of
   * more than 512 values, for which it is not computed */
  readonly logDet?: number;
  /** error of the derivative along a random direction of its input and its parameters, relative to the gradient */
  readonly gradient: number;
}

/** What `checkFlow` found. */
export interface FlowReport {
  readonly modules: readonly ModuleReport[];
  /** largest difference between gradients computed reversibly and plainly, relative to the largest gradient */
  readonly plain: number;
  /** the same where the loss does not depend on log determinants, so that fused kernels run */
  readonly fused: number;
  /** most bytes that a step needs besides the parameters */
  readonly memory: { readonly reversible: number; readonly plain: number };
  /** what is wrong, in words; empty if nothing is */
  readonly problems: readonly string[];
  /** the report as a table */
  toString(): string;
}

/** The largest errors that pass, in float32. Numerical derivatives are the coarsest. */
const BOUNDS = { inverse: 1e-3, logDet: 1e-2, gradient: 2e-2, plain: 1e-3, fused: 1e-3 };
const MOST_VALUES = 512; // of an item whose Jacobian is computed
const STEP = 2 ** -7; // of differences: larger ones miss curvature, smaller ones drown in rounding
const TRAINING: Pass = { training: true };

/**
 * Examines every module of a flow on a batch: does its inverse undo it, is its log determinant that of a numerical Jacobian, are its
 * gradients those of differences, do fused kernels compute the same, and how much less memory than a plain step does a reversible one
 * take? Slow; for small batches.
 *
 * @throws PyramidFlowError ShapeError for a batch of other shapes
 * @example
 * const report = await checkFlow(flow, x);
 * if (report.problems.length) console.log(`${report}`);
 */
export async function checkFlow(flow: Flow, batch: Batch): Promise<FlowReport> {
  const x = flow.levelsOf(batch);
  const host = await Promise.all(x.map((level) => level.read()));
  const magnitude = Math.max(1, ...host.map((values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)));
  const inverses = await inverseErrors(flow, x);
  const logDets = await logDetErrors(flow, host);
  const gradients = await gradientErrors(flow, x);
  const modules = inverses.map(({ name, error }, i): ModuleReport => {
    return { name, inverse: error / magnitude, logDet: logDets?.[i], gradient: gradients[i]! };
  });
  const { plain, fused, memory } = await comparePlain(flow, x);
  const problems = [
    ...modules.flatMap((module) =>
      (['inverse', 'logDet', 'gradient'] as const).flatMap((what) => problemOf(module.name, what, module[what])),
    ),
    ...problemOf('reversible gradients', 'plain', plain),
    ...problemOf('fused gradients', 'fused', fused),
  ];
  const report = { modules, plain, fused, memory, problems };
  return { ...report, toString: () => tableOf(report) };
}

const WORDS: Readonly<Record<keyof typeof BOUNDS, string>> = {
  inverse: 'its inverse does not undo it, off by',
  logDet: 'its log determinant is not that of its Jacobian, off by',
  gradient: 'its gradient is not that of differences, off by',
  plain: 'differ from plain ones by',
  fused: 'differ from plain ones by',
};

function problemOf(name: string, what: keyof typeof BOUNDS, error: number | undefined): string[] {
  if (error === undefined || error <= BOUNDS[what]) return [];
  return [`${name}: ${WORDS[what]} ${error.toExponential(1)}, more than ${BOUNDS[what]}`];
}

/**
 * For every module, on the first item: log |det| of the matrix of central differences against what the module says. Normalizations
 * use their running means, since items must not depend on each other here.
 */
async function logDetErrors(
  { gpu, chain, modules, inputShapes }: Flow,
  host: readonly Float32Array[],
): Promise<number[] | undefined> {
  let item: Float32Array[] = host.map((values, i) => values.slice(0, elements(inputShapes[i]!)));
  let shapes = inputShapes;
  const size = item.reduce((sum, values) => sum + values.length, 0);
  if (size > MOST_VALUES) return undefined;
  const errors: number[] = [];
  for (const [i, module] of modules.entries()) {
    const run = async (batch: readonly Float32Array[], count: number) => {
      const made = scope(() => {
        const levels = batch.map((values, level) => Tensor.from(gpu, [count, ...shapes[level]!], values, 'check'));
        const logDet = Tensor.zeros(gpu, [count], 'log det');
        chain.forward(levels, { training: false }, { logDet }, i, i + 1);
        return [...levels, logDet];
      });
      const values = await Promise.all(made.map((tensor) => tensor.read()));
      for (const tensor of made) tensor.free();
      return { levels: values.slice(0, -1), logDet: values.at(-1)![0]! };
    };
    const { levels: moved } = await run(perturbed(item, size), 2 * size);
    const { levels: after, logDet } = await run(item, 1);
    const expected = logDetOf(jacobian(moved, size));
    errors.push(Math.abs(logDet - expected) / Math.max(1, Math.abs(expected)));
    item = after;
    shapes = module.shapes(shapes);
  }
  return errors;
}

/** 2 D copies of an item of D values: in copies 2 d and 2 d + 1, value d is larger and smaller by STEP. */
function perturbed(item: readonly Float32Array[], size: number): Float32Array[] {
  let before = 0;
  return item.map((values) => {
    const batch = new Float32Array(2 * size * values.length);
    for (let copy = 0; copy < 2 * size; copy++) {
      batch.set(values, copy * values.length);
      const at = (copy >> 1) - before;
      if (at >= 0 && at < values.length) batch[copy * values.length + at]! += copy % 2 ? -STEP : STEP;
    }
    before += values.length;
    return batch;
  });
}

/** Central differences of the copies that `perturbed` made, after a module; row d holds dy/dx_d. */
function jacobian(moved: readonly Float32Array[], size: number): Float64Array {
  const rows = new Float64Array(size * size);
  let column = 0;
  for (const values of moved) {
    const width = values.length / (2 * size);
    for (let d = 0; d < size; d++) {
      for (let i = 0; i < width; i++) {
        rows[d * size + column + i] = (values[2 * d * width + i]! - values[(2 * d + 1) * width + i]!) / (2 * STEP);
      }
    }
    column += width;
  }
  return rows;
}

function logDetOf(data: Float64Array): number {
  const rows = Math.sqrt(data.length);
  const { upper } = luDecompose({ rows, columns: rows, data });
  return upper.data.reduce((total, value, at) => (at % (rows + 1) === 0 ? total + Math.log(Math.abs(value)) : total), 0);
}

/** A loss that is linear in latent and log determinants, with random factors: its value tells errors in all of them. */
function probe(flow: Flow, n: number, usesLogDet: boolean): { loss: Loss; free(): void } {
  const random = new Random(7);
  const factors = [...flow.latentShapes.map((shape) => [n, ...shape]), [n]].map((shape) =>
    Tensor.from(
      flow.gpu,
      shape,
      Float32Array.from({ length: elements(shape) }, () => random.normal()),
      'factors',
    ),
  );
  return {
    loss: (z, logDet) => {
      const parts = usesLogDet ? [...z, logDet] : z;
      return parts
        .map((part, i) => sum(mul(part, usesLogDet || i < z.length ? factors[i]! : part)))
        .reduce((a, b) => add(a, b));
    },
    free: () => {
      for (const tensor of factors) tensor.free();
    },
  };
}

/**
 * For every module, on the levels that reach it: the derivative along a random direction of these levels and of its parameters, by its
 * gradients and by differences.
 */
async function gradientErrors(flow: Flow, x: readonly Tensor[]): Promise<number[]> {
  const levels = x.map((level) => level.copy());
  const errors: number[] = [];
  for (const [i, module] of flow.modules.entries()) {
    errors.push(
      await gradientError(
        flow,
        module,
        await readAll(levels),
        levels.map(({ shape }) => shape),
      ),
    );
    flow.chain.forward(levels, TRAINING, {}, i, i + 1);
  }
  for (const level of levels) level.free();
  return errors;
}

async function gradientError(
  { gpu, parameters }: Flow,
  module: Module,
  levels: readonly Float32Array[],
  shapes: readonly Shape[],
): Promise<number> {
  const alone = new ReversibleChain([module], parameters);
  const all = new Map(Array.from(await parameters.read(), ([name, { data }]) => [name, data]));
  const own = parameters.names.filter((name) => name.slice(0, name.lastIndexOf('.')) === module.prefix);
  const random = new Random(11);
  const upload = (values: readonly Float32Array[]) => values.map((level, i) => Tensor.from(gpu, shapes[i]!, level, 'check'));
  /** the levels after the module, and log determinants */
  const forward = (values: readonly Float32Array[]) => {
    const made = upload(values);
    const logDet = Tensor.zeros(gpu, [shapes[0]![0]!], 'log det');
    alone.forward(made, TRAINING, { logDet });
    return [...made, logDet];
  };
  // The function is the sum of all results, each times a random factor; its gradients to the results are these factors.
  const results = scope(() => forward(levels));
  const factors = results.map(({ size }) => Float32Array.from({ length: size }, () => random.normal()));
  const [gradients, dLogDet] = scope(() => {
    const made = factors.map((values, i) => Tensor.from(gpu, results[i]!.shape, values, 'factors'));
    return [made.slice(0, -1), made.at(-1)!] as const;
  });
  parameters.zeroGradients();
  results.pop()!.free();
  scope(() => {
    alone.backward(results, gradients, dLogDet);
    return [results, gradients];
  });
  const found = await readAll([...gradients, ...own.map((name) => parameters.gradient(name))]);
  for (const tensor of [...results, ...gradients, dLogDet]) tensor.free();

  const start = [...levels, ...own.map((name) => all.get(name)!)];
  const direction = start.map((values) => values.map(() => random.normal()));
  const valueAt = async (step: number) => {
    const moved = start.map((values, i) => values.map((value, at) => value + step * direction[i]![at]!));
    parameters.write(new Map([...all, ...own.map((name, i) => [name, moved[levels.length + i]!] as const)]));
    const made = scope(() => forward(moved.slice(0, levels.length)));
    const values = await readAll(made);
    for (const tensor of made) tensor.free();
    return dot(values, factors);
  };
  const derivative = dot(found, direction);
  const scale = Math.max(Math.sqrt(dot(found, found)), 1e-3 * Math.sqrt(dot(direction, direction)));
  let error = Infinity;
  for (const step of [STEP, STEP / 8, STEP / 64]) {
    const differences = ((await valueAt(step)) - (await valueAt(-step))) / (2 * step);
    error = Math.min(error, Math.abs(differences - derivative) / scale); // the right derivative is that of some step
  }
  parameters.write(all);
  return error;
}

const readAll = (tensors: readonly Tensor[]) => Promise.all(tensors.map((tensor) => tensor.read()));

/** In float64, since sums in float32 would be too coarse. */
function dot(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let sum = 0;
  for (const [i, values] of a.entries()) for (const [at, value] of values.entries()) sum += value * b[i]![at]!;
  return sum;
}

/** Gradients of both ways, with and without log determinants, and the memory that each way needs. */
async function comparePlain(flow: Flow, x: readonly Tensor[]): Promise<Pick<FlowReport, 'plain' | 'fused' | 'memory'>> {
  const errors: number[] = [];
  const memory = { reversible: 0, plain: 0 };
  for (const usesLogDet of [true, false]) {
    const { loss, free } = probe(flow, x[0]!.shape[0]!, usesLogDet);
    memory.reversible = peakOf(flow, () => {
      const { loss: value, x: dx, rebuilt } = flow.gradients(x, loss, { logDet: usesLogDet });
      for (const tensor of [value, ...dx, ...rebuilt]) tensor.free();
    });
    const reversible = await readGradients(flow);
    memory.plain = peakOf(flow, () => plainGradients(flow, x, loss));
    const plain = await readGradients(flow);
    const largest = plain.reduce((most, values) => values.reduce((m, v) => Math.max(m, Math.abs(v)), most), 0);
    errors.push(largestDifference(reversible, plain) / (largest || 1));
    free();
  }
  return { plain: errors[0]!, fused: errors[1]!, memory };
}

const readGradients = ({ parameters }: Flow) => Promise.all(parameters.segments.map(({ gradients }) => gradients.read()));

function peakOf({ gpu }: Flow, work: () => void): number {
  const before = gpu.memory.use().live;
  gpu.memory.resetPeak();
  work();
  return gpu.memory.use().peak - before;
}

/** The gradients of the parameters by a tape that keeps all activations. */
export function plainGradients({ gpu, chain, parameters }: Flow, x: readonly Tensor[], loss: Loss): void {
  parameters.zeroGradients();
  scope(() => {
    const tape = new Tape();
    const zeros = Tensor.zeros(gpu, [x[0]!.shape[0]!], 'log det');
    const { levels, logDet } = chain.forwardOnTape(tape, x, TRAINING, zeros);
    const value = tape.run(() => loss(levels, logDet!));
    const one = Tensor.from(gpu, [1], [1], 'd loss');
    parameters.addGradients(tape.backward([[value, one]]));
  });
}

function tableOf({ modules, plain, fused, memory, problems }: Omit<FlowReport, 'toString'>): string {
  const number = (value: number | undefined) => (value === undefined ? '-' : value.toExponential(1));
  const rows = [
    ['module', 'inverse', 'log det', 'gradient'],
    ...modules.map((m) => [m.name, number(m.inverse), number(m.logDet), number(m.gradient)]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row.map((cell, i) => (i ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  '),
  );
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MiB`;
  return [
    ...lines,
    `reversible gradients differ from plain ones by ${number(plain)}, fused ones by ${number(fused)}`,
    `a step takes ${mib(memory.reversible)}, and ${mib(memory.plain)} if activations are kept`,
    ...(problems.length ? problems : ['no problems']),
  ].join('\n');
}
