import { Random } from '../../src/core/random';
import type { Runtime } from '../../src/gpu/runtime';
import { unscoped } from '../../src/tensor/scope';
import { type DType, elements, type Shape, Tensor } from '../../src/tensor/tensor';
import type { ClockKind } from './clock';

/** The least work that an entry has to do, once. */
export interface Work {
  /** additions and multiplications; for convolutions those of the direct method, however it is computed */
  readonly flop?: number;
  /** of every input read once and every output written once */
  readonly bytes?: number;
}

/** How an entry's result was compared with the reference before it was timed. */
export interface Check {
  readonly how: string;
  /** largest relative error allowed, and found */
  readonly tolerance: number;
  readonly error: number;
}

/** One thing to time. */
export interface Entry {
  readonly group: 'roofline' | 'convolution' | 'kernel' | 'fft' | 'model' | 'overhead';
  readonly name: string;
  /** the sizes that it runs at, in words */
  readonly shape: string;
  readonly work?: Work;
  /** default the best that the device has */
  readonly clock?: ClockKind;
  /** Makes what it works on. Nothing is timed here. */
  prepare(inputs: Inputs): Prepared | Promise<Prepared>;
}

/** A tensor, or what another library has in its place. */
export interface Readable {
  read(): Promise<ArrayLike<number>>;
}

export interface Prepared {
  /** Does it once: records it, and returns the tensor that is its result. What it makes is freed for it. */
  run(): Tensor<DType> | void;
  /** Does it once and waits for the end of it, where that belongs to what is timed; `run` then only shows what kernels it needs. */
  wait?(): Promise<unknown>;
  /** how often `wait` does it at a time; default 1 */
  readonly times?: number;
  /** Compares the result of a first run with the reference. */
  check(result: Readable | void): Promise<Check>;
  free?(): void;
}

/** A tensor of random values and these values. */
export interface Input {
  readonly tensor: Tensor;
  readonly values: Float32Array;
}

/** Random inputs, uniform in [-1, 1); entries that name the same shape and role share one, so they must not write to it. */
export class Inputs {
  private readonly made = new Map<string, Input>();

  constructor(readonly gpu: Runtime) {}

  get(shape: Shape, role = 'x'): Input {
    const key = `${role} ${shape}`;
    let input = this.made.get(key);
    if (!input) {
      const random = new Random(this.made.size + 1);
      const values = Float32Array.from({ length: elements(shape) }, () => random.uint32() / 2 ** 31 - 1);
      input = { tensor: unscoped(() => Tensor.from(this.gpu, shape, values, role)), values };
      this.made.set(key, input);
    }
    return input;
  }

  /** A tensor that only this entry has, with the values of the shared one. */
  own(shape: Shape, role = 'x'): Input {
    const { tensor, values } = this.get(shape, role);
    return { tensor: unscoped(() => tensor.copy(role)), values };
  }

  free(): void {
    for (const { tensor } of this.made.values()) tensor.free();
  }
}

const POSITIONS = 48;

/**
 * A check of a result at its first, its last and other positions drawn at random, relative to the largest true value there.
 * @param reference the value at a position, computed in float64
 */
export function sampled(reference: (at: number) => number, tolerance = 1e-5, positions = POSITIONS): Prepared['check'] {
  return async (result) => {
    const values = await (result as Readable).read();
    const random = new Random(7);
    const drawn = Array.from({ length: positions }, () => random.integer(values.length));
    const places = [...new Set([0, values.length - 1, ...drawn])];
    let [largest, difference] = [0, 0];
    for (const at of places) {
      const expected = reference(at);
      const error = Math.abs(values[at] - expected);
      largest = Math.max(largest, Math.abs(expected));
      difference = Math.max(difference, Number.isNaN(error) ? Infinity : error);
    }
    const error = difference === 0 ? 0 : difference / largest;
    return { how: `float64 on the CPU at ${places.length} of ${values.length} positions`, tolerance, error };
  };
}

export const describeShape = (...shapes: Shape[]): string => shapes.map((shape) => shape.join('x')).join(', ');

/** Bytes of f32 tensors of these shapes. */
export const bytesOf = (...shapes: Shape[]): number => shapes.reduce((sum, shape) => sum + 4 * elements(shape), 0);
