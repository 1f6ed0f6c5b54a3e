import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import { MapPainter, type Target } from './map-painter';

export type Canvas = HTMLCanvasElement | OffscreenCanvas;

const configured = new WeakMap<Canvas, GPUDevice>();
const sized = new WeakSet<Canvas>();

/**
 * The texture that a canvas shows next. A canvas element whose page gave it no size takes that of the image.
 *
 * @throws UsageError where the canvas cannot be drawn to. It is checked here, since a command that the device refuses would
 *   make the device useless.
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
      'this canvas already has a context of another kind',
      'use a canvas for draw() alone',
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
  const problem = `cannot draw to a canvas of ${width} x ${height} pixels`;
  throw new PyramidFlowError('UsageError', problem, `give it a width and a height from 1 to ${most}`);
}

const canvasFormat = (): GPUTextureFormat => navigator.gpu.getPreferredCanvasFormat();

const painters = new WeakMap<Runtime, Promise<MapPainter>>();

/** The painter for canvases, shared by all detectors of a device. */
export function painterFor(gpu: Runtime): Promise<MapPainter> {
  let painter = painters.get(gpu);
  if (!painter) {
    painters.set(gpu, (painter = MapPainter.create(gpu, canvasFormat())));
    painter.catch(() => painters.delete(gpu)); // so that the next call tries again
  }
  return painter;
}
