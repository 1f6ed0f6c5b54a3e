import type { PyramidFlowError } from '../../../src/core/errors';
import { requestDevice } from '../../../src/gpu/device';
import { Runtime } from '../../../src/gpu/runtime';
import { Tensor } from '../../../src/tensor/tensor';
import { painterFor, targetOf } from '../../../src/web/canvas';

const IMAGE = { width: 4, height: 4 };

type Sizes = readonly (readonly [width: number, height: number])[];

/** Draws a map onto canvases of these sizes, then reads it. Returns, for each canvas, 'drawn' or the code of the error. */
export async function run(sizes: Sizes): Promise<{ drawn: string[]; map: number[] }> {
  const gpu = new Runtime(await requestDevice(navigator.gpu));
  const map = Tensor.from(gpu, [1, 1, 2, 2], Float32Array.of(1, 2, 3, 4), 'map');
  const painter = await painterFor(gpu);
  const drawn: string[] = [];
  for (const [width, height] of sizes) {
    try {
      painter.paint(targetOf(new OffscreenCanvas(width, height), gpu, IMAGE), { map, scale: [0, 4] });
      await gpu.finish();
      drawn.push('drawn');
    } catch (error) {
      drawn.push((error as PyramidFlowError).code);
    }
  }
  return { drawn, map: [...(await map.read())] };
}
