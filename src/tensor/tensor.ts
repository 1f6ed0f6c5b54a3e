import { PyramidFlowError } from '../core/errors';
import type { BufferSlice } from '../gpu/kernel';
import type { Runtime } from '../gpu/runtime';
import { adopt } from './scope';

/** Sizes along the axes of a tensor, whole numbers above 0; [N, C, H, W] for images. */
export type Shape = readonly number[];
const ARRAYS = { f32: Float32Array, i32: Int32Array, u32: Uint32Array } as const;
/** What a tensor's elements are, as WGSL calls it. */
export type DType = 'f32' | 'i32' | 'u32';
/** The values of a tensor on the host. */
export type Values<D extends DType> = { f32: Float32Array; i32: Int32Array; u32: Uint32Array }[D];

/** A pooled buffer and the number of tensors that use it. */
interface SharedBuffer {
  readonly buffer: GPUBuffer;
  owners: number;
}

/**
 * An array in GPU memory, row-major (images: N x C x H x W), 4 bytes per element. Its scope frees it, or `free` does.
 *
 * @typeParam D what its elements are; default 'f32'
 * @example
 * const x = Tensor.from(gpu, [1, 3, 2, 2], new Float32Array(12), 'image');
 * const values = await x.read();
 */
export class Tensor<D extends DType = 'f32'> {
  private readonly place: BufferSlice;

  private constructor(
    readonly gpu: Runtime,
    readonly shape: Shape,
    readonly dtype: D,
    readonly label: string,
    private storage: SharedBuffer | undefined,
    offset: number,
  ) {
    this.place = { buffer: storage!.buffer, offset, size: 4 * elements(shape) };
    storage!.owners++;
    adopt(this);
  }

  /** A new tensor with undefined contents. */
  static empty<D extends DType = 'f32'>(gpu: Runtime, shape: Shape, label = 'tensor', dtype = 'f32' as D): Tensor<D> {
    checkSizes(shape, label);
    const buffer = gpu.memory.acquire(4 * elements(shape), `${label} ${text(shape)}`);
    return new Tensor(gpu, shape, dtype, label, { buffer, owners: 0 }, 0);
  }

  /**
   * A new tensor that holds `data`.
   *
   * @param data row-major; a Float32Array or a list of numbers becomes f32, an Int32Array i32, a Uint32Array u32
   * @throws PyramidFlowError ShapeError if data and shape do not agree in size; UsageError for data of another type
   */
  static from(gpu: Runtime, shape: Shape, data: Float32Array | readonly number[], label?: string): Tensor;
  static from(gpu: Runtime, shape: Shape, data: Int32Array, label?: string): Tensor<'i32'>;
  static from(gpu: Runtime, shape: Shape, data: Uint32Array, label?: string): Tensor<'u32'>;
  static from(gpu: Runtime, shape: Shape, data: Values<DType> | readonly number[], label?: string): Tensor<DType> {
    const values = Array.isArray(data) ? Float32Array.from(data) : (data as Values<DType>);
    const tensor = Tensor.empty(gpu, shape, label, typeOf(values, label));
    tensor.write(values);
    return tensor;
  }

  /** A new tensor of zeros. Throws ShapeError for a shape that is not of whole numbers above 0. */
  static zeros(gpu: Runtime, shape: Shape, label?: string): Tensor {
    return Tensor.from(gpu, shape, new Float32Array(elements(shape)), label);
  }

  /** The number of elements. */
  get size(): number {
    return elements(this.shape);
  }

  /** Where the tensor lies, for kernels and copies. */
  get slice(): BufferSlice {
    if (this.storage) return this.place;
    const remedy = 'free it after its last use, and return it from its scope if it is used outside';
    throw new PyramidFlowError('UsageError', `tensor ${this.label} ${text(this.shape)} was used after it was freed`, remedy);
  }

  /**
   * A tensor of another shape in the same memory, which lives until both are freed.
   *
   * @param start index of its first element, a multiple of 64 (WebGPU binds buffers at multiples of 256 bytes)
   * @throws PyramidFlowError ShapeError if it starts at another element or ends outside this tensor
   */
  view(shape: Shape, start = 0, label = this.label): Tensor<D> {
    const offset = this.slice.offset + 4 * start;
    checkSizes(shape, label);
    if (!(start >= 0 && start + elements(shape) <= this.size && offset % VIEW_ALIGNMENT === 0)) {
      const problem = `a view ${text(shape)} of ${this.label} ${text(this.shape)} cannot start at element ${start}`;
      const remedy = `start at a multiple of 64, and end within its ${this.size} elements`;
      throw new PyramidFlowError('ShapeError', problem, remedy);
    }
    return new Tensor(this.gpu, shape, this.dtype, label, this.storage, offset);
  }

  /** Replaces the contents. Throws ShapeError for data of another size, UsageError for data of another type. */
  write(data: Values<D>): void {
    const dtype = typeOf(data, this.label);
    if (dtype !== this.dtype) {
      const problem = `${this.label} holds ${this.dtype}, got a ${data.constructor.name}`;
      throw new PyramidFlowError('UsageError', problem, `pass a ${ARRAYS[this.dtype].name}`);
    }
    if (data.length !== this.size) {
      const problem = `${this.label}: expected ${this.size} values for ${text(this.shape)}, got ${data.length}`;
      throw new PyramidFlowError('ShapeError', problem, 'pass one value per element');
    }
    this.gpu.write(this.slice, data);
  }

  /** The contents, after everything recorded so far has run. Rejects with a DeviceError if any of it failed. */
  async read(): Promise<Values<D>> {
    return new ARRAYS[this.dtype](await this.gpu.read(this.slice)) as Values<D>;
  }

  /** A new tensor of the same contents. */
  copy(label = this.label): Tensor<D> {
    const target = Tensor.empty(this.gpu, this.shape, label, this.dtype);
    this.gpu.copy(this.slice, target.slice);
    return target;
  }

  /** Frees the memory once no other view uses it. A second call does nothing. */
  free(): void {
    const storage = this.storage;
    this.storage = undefined;
    if (storage && --storage.owners === 0) this.gpu.memory.release(storage.buffer);
  }

  /** Whether `free` was called, by hand or by a scope. */
  get freed(): boolean {
    return this.storage === undefined;
  }
}

function typeOf(data: ArrayBufferView, label = 'tensor'): DType {
  for (const [dtype, type] of Object.entries(ARRAYS)) if (data instanceof type) return dtype as DType;
  const given = ArrayBuffer.isView(data) ? `a ${(data as Uint8Array).constructor.name}` : typeof data;
  const problem = `${label}: expected a Float32Array, an Int32Array or a Uint32Array, got ${given}`;
  throw new PyramidFlowError('UsageError', problem, 'convert it, for example by Float32Array.from(data)');
}

const VIEW_ALIGNMENT = 256; // bytes, of storage bindings

const text = (shape: Shape): string => `[${shape.join(', ')}]`;

function checkSizes(shape: Shape, label: string): void {
  if (shape.every((size) => Number.isInteger(size) && size > 0)) return;
  const problem = `${label} cannot have the shape ${text(shape)}`;
  throw new PyramidFlowError('ShapeError', problem, 'use whole numbers above 0');
}

/** The number of elements in a shape. */
export const elements = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);
