import { PyramidFlowError } from '../core/errors';
import { addInto, fill } from '../ops/elementwise';
import { unscoped } from '../tensor/scope';
import { elements, type Shape, Tensor } from '../tensor/tensor';

const ALIGNMENT = 64; // elements, so that every parameter can be bound

/**
 * All parameters of a model in one tensor, all gradients in another: the norm and the optimizer's step are then one
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
        throw new PyramidFlowError('UsageError', `two parameters are named ${name}`, 'name them apart');
      const value = unscoped(() => this.values.view(shape, starts[i], name));
      this.byName.set(name, { start: starts[i], value });
    });
    this.values.write(this.pack(new Map(entries.map(({ name, data }) => [name, data]))));
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  /** The gradients of all parameters, in the layout of `values`; made at the first call. */
  get gradients(): Tensor {
    this.gradientTensor ??= unscoped(() => Tensor.empty(this.values.gpu, this.values.shape, 'gradients'));
    return this.gradientTensor;
  }

  get(name: string): Tensor {
    return this.entry(name).value;
  }

  gradient(name: string): Tensor {
    let view = this.gradientViews.get(name);
    if (!view) {
      const { start, value } = this.entry(name);
      view = unscoped(() => this.gradients.view(value.shape, start, `d ${name}`));
      this.gradientViews.set(name, view);
    }
    return view;
  }

  /** Arrays of all parameters, by name -> one in the layout of `values`. Throws UsageError for other names or lengths. */
  pack(arrays: ReadonlyMap<string, Float32Array>): Float32Array {
    const packed = new Float32Array(this.values.size);
    for (const [name, { start, value }] of this.byName) {
      const data = arrays.get(name);
      if (data?.length !== value.size) {
        const problem = `parameter ${name} has ${value.size} values, ${data?.length ?? 'none'} were given`;
        throw new PyramidFlowError('UsageError', problem, 'give those of the same model');
      }
      packed.set(data, start);
    }
    return packed;
  }

  /** An array in the layout of `values` -> views of it by parameter, without the gaps. */
  unpack(packed: Float32Array): Map<string, Float32Array> {
    return new Map([...this.byName].map(([name, { start, value }]) => [name, packed.subarray(start, start + value.size)]));
  }

  zeroGradients(): void {
    fill(this.gradients, 0);
  }

  /** Adds what a tape found for these parameters (by value tensor) and frees it. */
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
      throw new PyramidFlowError('UsageError', `there is no parameter ${name}`, `use one of ${this.names.join(', ')}`);
    return entry;
  }
}
