import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import { addInto, fill } from '../ops/elementwise';
import { unscoped } from '../tensor/scope';
import { elements, type Shape, Tensor } from '../tensor/tensor';

const ALIGNMENT = 64; // elements: 256 bytes, where a storage binding may start

/** A tensor of a model as the host knows it. */
export interface Parameter {
  readonly shape: Shape;
  /** row-major */
  readonly data: Float32Array;
  /** false: it has no gradient, and an optimizer leaves it as it is (a running mean, a permutation); default true */
  readonly trained?: boolean;
}

/** Parameters that lie in one tensor, and their gradients in another of the same layout. The gaps between them hold zeros. */
export interface Segment {
  readonly values: Tensor;
  readonly gradients: Tensor;
}

interface Trained {
  readonly segment: LazySegment;
  /** of its first element in the segment */
  readonly start: number;
  readonly value: Tensor;
  gradient?: Tensor;
}

/**
 * The parameters of a model by name. Those that are trained lie in as few tensors as the adapter's limit on bindings allows, mostly
 * one, and so do their gradients: the gradient norm and the optimizer's step then take one dispatch for each of these segments,
 * whatever the number of layers.
 *
 * @example
 * const set = new ParameterSet([{ name: 'w', shape: [2, 3], data: new Float32Array(6) }], gpu);
 * set.get('w'); // a Tensor
 */
export class ParameterSet {
  private readonly lazySegments: readonly LazySegment[];
  private readonly trained = new Map<string, Trained>();
  private readonly fixed = new Map<string, Tensor>();
  private readonly nameOf = new Map<Tensor, string>();

  /**
   * @throws PyramidFlowError UsageError for a name that stands twice, or data of another size than its shape; DeviceError for a
   *   parameter larger than the adapter can bind
   */
  constructor(
    entries: readonly (Parameter & { readonly name: string })[],
    readonly gpu: Runtime,
  ) {
    const places = arrange(
      entries.filter(({ trained = true }) => trained),
      gpu.adapter.limits.maxStorageBufferBindingSize! / 4,
    );
    this.lazySegments = places.sizes.map((size, i) => new LazySegment(gpu, size, i));
    for (const { name, shape, data, trained = true } of entries) {
      if (this.trained.has(name) || this.fixed.has(name)) {
        const problem = `two parameters are named ${name}`;
        throw new PyramidFlowError('UsageError', problem, 'give every parameter a name of its own');
      }
      expectLength(name, data, elements(shape));
      unscoped(() => {
        if (!trained) return this.fixed.set(name, Tensor.empty(gpu, shape, name));
        const { index, start } = places.of.get(name)!;
        const segment = this.lazySegments[index]!;
        const value = segment.values.view(shape, start, name);
        this.nameOf.set(value, name);
        return this.trained.set(name, { segment, start, value });
      });
    }
    this.write(new Map(entries.map(({ name, data }) => [name, data])));
  }

  /** of the trained parameters, in the order of their creation */
  get names(): string[] {
    return [...this.trained.keys()];
  }

  /** of the others */
  get fixedNames(): string[] {
    return [...this.fixed.keys()];
  }

  /** The trained parameters and their gradients; the latter are allocated on first use, with zeros. */
  get segments(): readonly Segment[] {
    return this.lazySegments;
  }

  /**
   * The value of a parameter.
   *
   * @throws PyramidFlowError UsageError for an unknown name
   */
  get(name: string): Tensor {
    return this.fixed.get(name) ?? this.entry(name).value;
  }

  /** The gradient of a trained parameter, a view of its segment's. Throws UsageError for an unknown name. */
  gradient(name: string): Tensor {
    const entry = this.entry(name);
    const { segment, start, value } = entry;
    entry.gradient ??= unscoped(() => segment.gradients.view(value.shape, start, `d ${name}`));
    return entry.gradient;
  }

  /**
   * The gradient of a parameter, by its value.
   *
   * @throws PyramidFlowError UsageError for a tensor that is not the value of a trained parameter
   */
  gradientOf(value: Tensor): Tensor {
    const name = this.nameOf.get(value);
    if (name !== undefined) return this.gradient(name);
    const problem = `${value.label} is not a trained parameter of this set`;
    throw new PyramidFlowError('UsageError', problem, 'pass a tensor that get() returned');
  }

  /** All parameters as the host knows them, also those that are not trained. */
  async read(): Promise<Map<string, { readonly shape: Shape; readonly data: Float32Array }>> {
    const segments = await Promise.all(this.lazySegments.map(({ values }) => values.read()));
    const fixed = await Promise.all(Array.from(this.fixed, async ([name, tensor]) => [name, await tensor.read()] as const));
    const all = [...this.unpack(segments), ...fixed];
    return new Map(all.map(([name, data]) => [name, { shape: this.get(name).shape, data: data.slice() }]));
  }

  /**
   * Replaces the values of all parameters.
   *
   * @throws PyramidFlowError UsageError if an array is missing or has another length than its parameter; nothing is written then
   */
  write(arrays: ReadonlyMap<string, Float32Array>): void {
    const packed = this.pack(arrays);
    for (const [name, { size }] of this.fixed) expectLength(name, arrays.get(name), size);
    for (const [i, { values }] of this.lazySegments.entries()) values.write(packed[i]!);
    for (const [name, tensor] of this.fixed) tensor.write(arrays.get(name)!);
  }

  /** Joins one array per trained parameter into one per segment, in the layout of its values. Throws as `write`. */
  pack(arrays: ReadonlyMap<string, Float32Array>): Float32Array[] {
    const packed = new Map(this.lazySegments.map((segment) => [segment, new Float32Array(segment.size)]));
    for (const [name, { segment, start, value }] of this.trained) {
      const data = arrays.get(name);
      expectLength(name, data, value.size);
      packed.get(segment)!.set(data, start);
    }
    return [...packed.values()];
  }

  /** Splits arrays in the layout of the segments' values into views, one per trained parameter. */
  unpack(packed: readonly Float32Array[]): Map<string, Float32Array> {
    const bySegment = new Map(this.lazySegments.map((segment, i) => [segment, packed[i]!]));
    const unpacked = ([name, { segment, start, value }]: [string, Trained]) =>
      [name, bySegment.get(segment)!.subarray(start, start + value.size)] as const;
    return new Map(Array.from(this.trained, unpacked));
  }

  /** Sets all gradients to 0. */
  zeroGradients(): void {
    for (const { gradients } of this.lazySegments) fill(gradients, 0);
  }

  /**
   * Adds the gradients that a tape found for parameters, by their values, and frees them; others stay in the map.
   *
   * @throws PyramidFlowError ShapeError for a gradient of another shape than its parameter
   */
  addGradients(found: Map<Tensor, Tensor>): void {
    for (const [value, gradient] of found) {
      const name = this.nameOf.get(value);
      if (name === undefined) continue;
      addInto(this.gradient(name), gradient);
      gradient.free();
      found.delete(value);
    }
  }

  /** Frees values and gradients. */
  free(): void {
    for (const { value, gradient } of this.trained.values()) {
      value.free();
      gradient?.free();
    }
    for (const segment of this.lazySegments) segment.free();
    for (const tensor of this.fixed.values()) tensor.free();
  }

  private entry(name: string): Trained {
    const entry = this.trained.get(name);
    if (entry) return entry;
    const problem = `there is no ${this.fixed.has(name) ? 'trained ' : ''}parameter named ${name}`;
    throw new PyramidFlowError('UsageError', problem, `use one of ${this.names.join(', ') || 'none: nothing is trained'}`);
  }
}

class LazySegment implements Segment {
  readonly values: Tensor;
  private made: Tensor | undefined;

  constructor(
    gpu: Runtime,
    readonly size: number,
    index: number,
  ) {
    this.values = unscoped(() => Tensor.empty(gpu, [size], index ? `parameters ${index}` : 'parameters'));
  }

  get gradients(): Tensor {
    if (!this.made) {
      const made = unscoped(() => Tensor.empty(this.values.gpu, [this.size], 'gradients'));
      fill(made, 0);
      this.made = made;
    }
    return this.made;
  }

  free(): void {
    this.made?.free();
    this.values.free();
  }
}

/** Where each parameter lies: in which segment, and from which element on. A segment has at most `most` elements, or one parameter. */
function arrange(entries: readonly { readonly name: string; readonly shape: Shape }[], most: number) {
  const sizes: number[] = [];
  const of = new Map<string, { readonly index: number; readonly start: number }>();
  for (const { name, shape } of entries) {
    const size = Math.ceil(elements(shape) / ALIGNMENT) * ALIGNMENT;
    const last = sizes.at(-1);
    if (last === undefined || last + size > most) sizes.push(0);
    const index = sizes.length - 1;
    of.set(name, { index, start: sizes[index]! });
    sizes[index]! += size;
  }
  return { sizes, of };
}

function expectLength(name: string, data: Float32Array | undefined, length: number): asserts data is Float32Array {
  if (data?.length === length) return;
  const problem = `expected ${length} values for the parameter ${name}, got ${data?.length ?? 'none'}`;
  throw new PyramidFlowError('UsageError', problem, 'pass the values of the same model');
}
