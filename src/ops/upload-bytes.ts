import unpackKernel from '../../shaders/image/unpack_bytes.wgsl';
import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import { Tensor } from '../tensor/tensor';
import { linearGrid } from './grid';

/**
 * Uploads RGB bytes.
 *
 * @returns (N, H, W, 3), one byte in a u32
 * @throws PyramidFlowError ShapeError if there are more or fewer bytes than the shape has
 */
export function uploadBytes(gpu: Runtime, bytes: Uint8Array, shape: readonly [number, number, number]): Tensor<'u32'> {
  const [n, height, width] = shape;
  const size = n * height * width * 3;
  if (bytes.length !== size) {
    const problem = `expected ${size} bytes for ${n}x${height}x${width}x3, got ${bytes.length}`;
    throw new PyramidFlowError('ShapeError', problem, 'pass RGB bytes, row by row');
  }
  const words = new Uint8Array(Math.ceil(size / 4) * 4);
  words.set(bytes);
  const packed = Tensor.from(gpu, [words.length / 4], new Uint32Array(words.buffer), 'packed bytes');
  const y = Tensor.empty(gpu, [n, height, width, 3], 'bytes', 'u32');
  gpu.run(unpackKernel, { tensors: { x: packed, y }, uniforms: { size }, grid: linearGrid(size) });
  packed.free();
  return y;
}
