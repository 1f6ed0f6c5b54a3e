import { PyramidFlowError } from '../core/errors';
import type { BufferSlice } from '../gpu/kernel';
import type { Runtime } from '../gpu/runtime';
import { adopt } from './scope';

export type Shape = readonly number[];
export type DType = 'f32' | 'i32' | 'u32';
type Values = Float32Array | Int32Array | Uint32Array | Uint8Array;

const ARRAYS = { f32: Float32Array, i32: Int32Array, u32: Uint32Array } as const;

/** A pooled buffer and the number of tensors that use it. */
interface SharedBuffer {
  readonly buffer: GPUBuffer;
  owners: number;
}

/**
 * An array in GPU memory, row-major (images: N x C x H x W), 4 bytes per element. Its scope frees it, or `free` does.
 *
 * @example
 * const x = Tensor.from(gpu, [1, 3, 2, 2], new Float32Array(12), 'image');
 * const values = await x.read();
 */
export class Tensor {
  private readonly place: BufferSlice;

  private constructor(
    readonly gpu: Runtime,
    readonly shape: Shape,
    readonly dtype: DType,
    readonly label: string,
    private storage: SharedBuffer | undefined,
    offset: number,
  ) {
    this.place = { buffer: storage!.buffer, offset, size: 4 * elements(shape) };
    storage!.owners++;
    adopt(this);
  }

  /** A new tensor with undefined contents. */
  static empty(gpu: Runtime, shape: Shape, label = 'tensor', dtype: DType = 'f32'): Tensor {
    checkSizes(shape, label);
    const buffer = gpu.memory.acquire(4 * elements(shape), `${label} ${text(shape)}`);
    return new Tensor(gpu, shape, dtype, label, { buffer, owners: 0 }, 0);
  }

  /**
   * A new tensor that holds `data`.
   *
   * @param data row-major, 4 bytes per element
   * @param dtype default 'f32'
   * @throws PyramidFlowError ShapeError if data and shape do not agree in size
   */
  static from(gpu: Runtime, shape: Shape, data: Values, label?: string, dtype: DType = 'f32'): Tensor {
    const tensor = Tensor.empty(gpu, shape, label, dtype);
    tensor.write(data);
    return tensor;
  }

  static zeros(gpu: Runtime, shape: Shape, label?: string): Tensor {
    return Tensor.from(gpu, shape, new Float32Array(elements(shape)), label);
  }

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
  view(shape: Shape, start = 0, label = this.label): Tensor {
    const offset = this.slice.offset + 4 * start;
    checkSizes(shape, label);
    if (!(start >= 0 && start + elements(shape) <= this.size && offset % VIEW_ALIGNMENT === 0)) {
      const problem = `a view ${text(shape)} of ${this.label} ${text(this.shape)} cannot start at element ${start}`;
      const remedy = `start at a multiple of 64, and end within its ${this.size} elements`;
      throw new PyramidFlowError('ShapeError', problem, remedy);
    }
    return new Tensor(this.gpu, shape, this.dtype, label, this.storage, offset);
  }

  /** Replaces the contents. Throws ShapeError for data of another size. */
  write(data: Values): void {
    if (data.byteLength !== this.slice.size) {
      const problem = `${this.label}: expected ${this.slice.size} bytes for ${text(this.shape)}, got ${data.byteLength}`;
      throw new PyramidFlowError('ShapeError', problem, 'pass one value of 4 bytes per element');
    }
    this.gpu.write(this.slice, data);
  }

  /** The contents, after everything recorded so far has run. Rejects with a DeviceError if any of it failed. */
  async read(): Promise<Float32Array> {
    return new ARRAYS[this.dtype](await this.gpu.read(this.slice)) as Float32Array;
  }

  copy(label = this.label): Tensor {
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

  get freed(): boolean {
    return this.storage === undefined;
  }
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
