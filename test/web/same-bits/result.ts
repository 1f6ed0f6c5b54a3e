import type { DType } from '../../../src/tensor/tensor';

/** One array that a workload gave, as 32-bit words; in this form it crosses from a page to Node. */
export interface Result {
  readonly workload: string;
  readonly what: string;
  /** the shader that wrote it, where one did */
  readonly kernel?: string;
  readonly dtype: DType;
  readonly words: readonly number[];
}

export interface Report {
  readonly adapter: string;
  readonly results: readonly Result[];
}

export function result(workload: string, what: string, data: Float32Array | Int32Array | Uint32Array): Result {
  const dtype = data instanceof Float32Array ? 'f32' : data instanceof Int32Array ? 'i32' : 'u32';
  return { workload, what, dtype, words: Array.from(new Uint32Array(data.buffer, data.byteOffset, data.length)) };
}
