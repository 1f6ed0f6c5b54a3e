import drawShader from '../../shaders/render/draw_map.wgsl';
import { TEXTURE_USAGE } from '../gpu/flags';
import { Renderer } from '../gpu/render';
import type { Runtime } from '../gpu/runtime';
import { HEAT } from '../image/colormap';
import { CLEAR, OPACITY } from '../image/heat-map';
import { sizesOf } from '../ops/shape';
import { unscoped } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';

export interface Painting {
  /** (1, 1, H, W) */
  readonly map: Tensor;
  /** values that get the first and the last colour */
  readonly scale: readonly [low: number, high: number];
  /** the image under the map; default none, which draws the colours alone */
  readonly image?: GPUTexture;
  /** of the last colour over the image, from 0 to 1 */
  readonly opacity?: number;
  /** a white line is drawn around what exceeds it */
  readonly threshold?: number;
}

export interface Target {
  readonly view: GPUTextureView;
  /** pixels */
  readonly width: number;
  readonly height: number;
}

/** Draws maps in the colours of src/image/colormap.ts without reading them back. */
export class MapPainter {
  private readonly colors: Tensor<'u32'>;
  private readonly noImage: GPUTexture;
  private readonly linear: GPUSampler;

  private constructor(
    readonly gpu: Runtime,
    private readonly renderer: Renderer<'values' | 'colors' | 'image' | 'linear', keyof ReturnType<typeof viewOf>>,
  ) {
    const words = Uint32Array.from(
      { length: HEAT.length / 3 },
      (_, i) => HEAT[3 * i]! | (HEAT[3 * i + 1]! << 8) | (HEAT[3 * i + 2]! << 16),
    );
    this.colors = unscoped(() => Tensor.from(gpu, [words.length], words, 'colours'));
    const usage = TEXTURE_USAGE.TEXTURE_BINDING;
    this.noImage = gpu.device.createTexture({ label: 'no image', size: [1, 1], format: 'rgba8unorm', usage });
    this.linear = gpu.device.createSampler({ magFilter: 'linear', minFilter: 'linear' });
  }

  /** A painter for targets of one format. Its pipeline is compiled off this thread. */
  static async create(gpu: Runtime, format: GPUTextureFormat): Promise<MapPainter> {
    return new MapPainter(gpu, await Renderer.create(gpu, drawShader, format));
  }

  paint(target: Target, painting: Painting): void {
    const { map, image = this.noImage } = painting;
    const resources = { values: map.slice, colors: this.colors.slice, image: image.createView(), linear: this.linear };
    this.renderer.draw(target.view, resources, viewOf(target, painting));
  }
}

/** The uniforms of draw_map.wgsl. */
function viewOf({ width, height }: Target, { map, scale, image, opacity = OPACITY, threshold }: Painting) {
  const [low, high] = scale;
  const [, , mapHeight, mapWidth] = sizesOf(map);
  const contour = threshold === undefined || !Number.isFinite(threshold) ? 0 : 1;
  return {
    width,
    height,
    mapWidth,
    mapHeight,
    low,
    high,
    overlay: image ? 1 : 0,
    opacity,
    clear: CLEAR,
    contour,
    threshold: contour ? threshold! : 0,
  };
}
