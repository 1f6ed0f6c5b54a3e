import { PyramidFlowError } from '../core/errors';
import { addInto, fill } from '../ops/elementwise';
import { unscoped } from '../tensor/scope';
import { elements, type Shape, Tensor } from '../tensor/tensor';

const ALIGNMENT = 64; // elements: 256 bytes, where a storage binding may start

/**
 * All parameters of a model in one tensor, and all gradients in another: the gradient norm and the optimizer's step then take one
 * dispatch each, whatever the number of layers. The gaps between parameters hold zeros and stay zero.
 */
export class ParameterSet {
  readonly values: Tensor;
  private readonly byName = new Map<string, { start: number; value: Tensor }>();
  private gradientTensor: Tensor | undefined;
  private readonly gradientViews = new Map<string, Tensor>();

  constructor(entries: readonly { name: string; shape: Shape; data: Float32Array }[], gpu: Tensor['gpu']) {
    const starts: number[] = [];
    let size = 0;
    for (const { shape } of entries) {
      starts.push(size);
      size += Math.ceil(elements(shape) / ALIGNMENT) * ALIGNMENT;
    }
    this.values = unscoped(() => Tensor.empty(gpu, [size], 'parameters'));
    entries.forEach(({ name, shape }, i) => {
      if (this.byName.has(name))
        throw new PyramidFlowError(
          'UsageError',
          `two parameters are named ${name}`,
          'give every parameter a name of its own',
        );
      const value = unscoped(() => this.values.view(shape, starts[i], name));
      this.byName.set(name, { start: starts[i], value });
    });
    this.values.write(this.pack(new Map(entries.map(({ name, data }) => [name, data]))));
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  /** The gradients of all parameters, in the layout of `values`; allocated on first use, with undefined contents. */
  get gradients(): Tensor {
    this.gradientTensor ??= unscoped(() => Tensor.empty(this.values.gpu, this.values.shape, 'gradients'));
    return this.gradientTensor;
  }

  /**
   * The value of one parameter.
   *
   * @throws PyramidFlowError UsageError for an unknown name, as `gradient`
   */
  get(name: string): Tensor {
    return this.entry(name).value;
  }

  /** The gradient of one parameter, a view of `gradients`. */
  gradient(name: string): Tensor {
    let view = this.gradientViews.get(name);
    if (!view) {
      const { start, value } = this.entry(name);
      view = unscoped(() => this.gradients.view(value.shape, start, `d ${name}`));
      this.gradientViews.set(name, view);
    }
    return view;
  }

  /**
   * The gradient of a parameter, by its value.
   *
   * @throws PyramidFlowError UsageError for a tensor that `get` did not return
   */
  gradientOf(value: Tensor): Tensor {
    const found = [...this.byName].find(([, entry]) => entry.value === value);
    if (found) return this.gradient(found[0]);
    throw new PyramidFlowError(
      'UsageError',
      `${value.label} is not a parameter of this set`,
      'pass a tensor that get() returned',
    );
  }

  /**
   * Joins one array per parameter into an array in the layout of `values`.
   *
   * @throws PyramidFlowError UsageError if an array is missing or has another length than its parameter
   */
  pack(arrays: ReadonlyMap<string, Float32Array>): Float32Array {
    const packed = new Float32Array(this.values.size);
    for (const [name, { start, value }] of this.byName) {
      const data = arrays.get(name);
      if (data?.length !== value.size) {
        const problem = `expected ${value.size} values for the parameter ${name}, got ${data?.length ?? 'none'}`;
        throw new PyramidFlowError('UsageError', problem, 'pass the values of the same model');
      }
      packed.set(data, start);
    }
    return packed;
  }

  /** Splits an array in the layout of `values` into views, one per parameter. */
  unpack(packed: Float32Array): Map<string, Float32Array> {
    return new Map([...this.byName].map(([name, { start, value }]) => [name, packed.subarray(start, start + value.size)]));
  }

  zeroGradients(): void {
    fill(this.gradients, 0);
  }

  /** Adds the gradients that a tape found for these parameters, keyed by value, and frees them. */
  addGradients(found: Map<Tensor, Tensor>): void {
    for (const [name, { value }] of this.byName) {
      const gradient = found.get(value);
      if (!gradient) continue;
      addInto(this.gradient(name), gradient);
      gradient.free();
      found.delete(value);
    }
  }

  free(): void {
    for (const { value } of this.byName.values()) value.free();
    for (const view of this.gradientViews.values()) view.free();
    this.gradientTensor?.free();
    this.values.free();
  }

  private entry(name: string) {
    const entry = this.byName.get(name);
    if (!entry)
      throw new PyramidFlowError('UsageError', `there is no parameter named ${name}`, `use one of ${this.names.join(', ')}`);
    return entry;
  }
}
