import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import { MapPainter, type Target } from './map-painter';

type Canvas = HTMLCanvasElement | OffscreenCanvas;

const configured = new WeakMap<Canvas, GPUDevice>();
const sized = new WeakSet<Canvas>();

/**
 * The texture that a canvas shows next. A canvas element without a width of its own takes that of the image. Throws
 * UsageError for a canvas that cannot be drawn to, before the device hears of it: after a command that it refuses it is
 * of no more use.
 */
export function targetOf(canvas: Canvas, { device }: Runtime, image: { width: number; height: number }): Target {
  if ('hasAttribute' in canvas && (sized.has(canvas) || !(canvas.hasAttribute('width') || canvas.hasAttribute('height')))) {
    sized.add(canvas);
    if (canvas.width !== image.width) canvas.width = image.width;
    if (canvas.height !== image.height) canvas.height = image.height;
  }
  checkSize(canvas, device.limits.maxTextureDimension2D);
  const context = canvas.getContext('webgpu') as GPUCanvasContext | null;
  if (!context) {
    throw new PyramidFlowError(
      'UsageError',
      'this canvas has another context already',
      'give a canvas of its own to draw()',
    );
  }
  if (configured.get(canvas) !== device) {
    context.configure({ device, format: canvasFormat(), alphaMode: 'opaque' });
    configured.set(canvas, device);
  }
  return { view: context.getCurrentTexture().createView(), width: canvas.width, height: canvas.height };
}

function checkSize({ width, height }: Canvas, most: number): void {
  if (width > 0 && height > 0 && width <= most && height <= most) return;
  const problem = `a canvas of ${width} x ${height} pixels cannot be drawn to`;
  throw new PyramidFlowError('UsageError', problem, `give it a width and a height from 1 to ${most}`);
}

/** What canvases of this page are made of. */
const canvasFormat = (): GPUTextureFormat => navigator.gpu.getPreferredCanvasFormat();

const painters = new WeakMap<Runtime, Promise<MapPainter>>();

/** The painter of canvases that all detectors of a device share. */
export function painterFor(gpu: Runtime): Promise<MapPainter> {
  let painter = painters.get(gpu);
  if (!painter) {
    painters.set(gpu, (painter = MapPainter.create(gpu, canvasFormat())));
    painter.catch(() => painters.delete(gpu)); // so that it can be tried again
  }
  return painter;
}
