import {
  type Convolution,
  type ConvolutionPart,
  convolutionFlop,
  convolutionShapes,
  forwardAt,
  gradInputAt,
  gradWeightAt,
} from '../suite/convolutions';
import { bytesOf, describeShape, type Entry, type Input, type Inputs, type Prepared, sampled } from '../suite/entry';

/** One convolution of the model, the same for every baseline. */
export interface Task {
  readonly sizes: Convolution;
  readonly part: ConvolutionPart;
}

export const BATCH = 2;
const CHANNELS = [
  [16, 32],
  [32, 32],
];

/** 7x7, 16->32 and 32->32, at four sizes. */
export const tasksOf = (size: number, parts: readonly ConvolutionPart[]): Task[] =>
  CHANNELS.flatMap(([inputs, outputs]) =>
    [size, size / 2, size / 4, size / 8].flatMap((side) =>
      parts.map((part) => ({ sizes: { batch: BATCH, inputs, outputs, side, k: 7 }, part })),
    ),
  );

export const titleOf = ({ sizes: { inputs, outputs, k }, part }: Task): string => `${k}x${k} ${inputs}->${outputs}, ${part}`;

/** The tensors of a task, with the same values for all. */
export function operands({ sizes, part }: Task, given: Inputs) {
  const shapes = convolutionShapes(sizes);
  const [x, w, dy] = [given.get(shapes.x, 'x'), given.get(shapes.w, 'w'), given.get(shapes.y, 'dy')];
  return { shapes, x, w, dy, reference: referenceOf(sizes, part, { x, w, dy }) };
}

function referenceOf(sizes: Convolution, part: ConvolutionPart, { x, w, dy }: Record<'x' | 'w' | 'dy', Input>) {
  return {
    forward: () => forwardAt(x.values, w.values, sizes),
    'gradient to input': () => gradInputAt(dy.values, w.values, sizes),
    'gradient to weight': () => gradWeightAt(dy.values, x.values, sizes),
  }[part]();
}

export interface BaselineRun {
  /** does it `times` times and waits for the end */
  run(): Promise<unknown>;
  readonly times?: number;
  /** the whole result, in our order of axes */
  read(): Promise<ArrayLike<number>>;
  free?(): void;
}

/** A task as an entry, computed by a baseline and timed by wall time. */
export function baselineEntry(
  task: Task,
  baseline: string,
  start: (given: Inputs) => BaselineRun | Promise<BaselineRun>,
): Entry {
  const { x, w, y } = convolutionShapes(task.sizes);
  return {
    group: 'convolution',
    name: `${titleOf(task)} [${baseline}]`,
    shape: describeShape(y),
    work: { flop: convolutionFlop(task.sizes), bytes: bytesOf(x, w, y) },
    clock: 'wall',
    async prepare(given): Promise<Prepared> {
      const { run, read, times, free } = await start(given);
      const check = sampled(operands(task, given).reference, 1e-4, 24);
      return { run: () => undefined, wait: run, times, check: () => check({ read }), free };
    },
  };
}
