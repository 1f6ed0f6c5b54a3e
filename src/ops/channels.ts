import copyWindowKernel from '../../shaders/tensor/copy_window.wgsl';
import type { Tensor } from '../tensor/tensor';
import { linearGrid } from './grid';
import { imageShape } from './shape';

/** Copies `count` channels of x, starting at `from`, to y, starting at `to`. x: (N, C, H, W), y: (N, C', H, W). */
export function copyChannels(x: Tensor, from: number, y: Tensor, to: number, count: number): void {
  const [items, , height, width] = imageShape(x);
  const plane = height * width;
  x.gpu.run(copyWindowKernel, {
    tensors: { x, y },
    uniforms: {
      items,
      size: count * plane,
      fromStart: from * plane,
      fromStride: x.size / items,
      toStart: to * plane,
      toStride: y.size / items,
    },
    grid: linearGrid(items * count * plane),
  });
}
