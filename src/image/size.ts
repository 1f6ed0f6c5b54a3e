import { PyramidFlowError } from '../core/errors';
import { nearestSize } from '../pyramidflow/config';
import { shorterSideTo } from './resample';

/** Height and width in pixels, both whole numbers of at least 1. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** The shorter side, or height and width. */
export type SizeRequest = { readonly shorter: number } | Size;

/** Of a side of the images that a model sees; its map alone fills 1 GiB. */
const LARGEST_SIDE = 2 ** 14;

/** Reads `256` or `256x192`. Throws UsageError for anything else, and for a side above 16384. */
export function parseSize(text: string): SizeRequest {
  const [, first, second = first] = /^(\d+)(?:x(\d+))?$/i.exec(text.trim()) ?? [];
  const [height, width] = [Number(first), Number(second)];
  if (!isSide(height) || !isSide(width)) {
    const shown = text.length > 40 ? `${text.slice(0, 40)}...` : text;
    throw new PyramidFlowError(
      'UsageError',
      `size ${shown} is ${Math.max(height, width) > LARGEST_SIDE ? `above ${LARGEST_SIDE}` : 'not understood'}`,
      'give 256 (the shorter side) or 256x192 (height x width)',
      { details: { settings: ['size'] } },
    );
  }
  return /x/i.test(text) ? { height, width } : { shorter: height };
}

const isSide = (side: number): boolean => Number.isInteger(side) && side >= 1 && side <= LARGEST_SIDE;

/**
 * The size at which a model sees images: the requested one, with the longer side in proportion to `image`, moved to the
 * nearest sides that `levels` levels can take. All images of a data set go to this one size.
 * Throws ShapeError where a long, thin image would be enlarged beyond the largest size of a model.
 */
export function modelSize(request: SizeRequest, image: Size, levels: number): { size: Size; adjusted: boolean } {
  const wanted = 'shorter' in request ? shorterSideTo(request.shorter, image.height, image.width) : request;
  if (!isSide(wanted.height) || !isSide(wanted.width)) {
    throw new PyramidFlowError(
      'ShapeError',
      `an image of ${formatSize(image)} would become ${formatSize(wanted)}, and a side may have at most ${LARGEST_SIDE} pixels`,
      'give both height and width of the size',
      { details: { settings: ['size'] } },
    );
  }
  const size = { height: nearestSize(wanted.height, levels), width: nearestSize(wanted.width, levels) };
  return { size, adjusted: size.height !== wanted.height || size.width !== wanted.width };
}

export const formatSize = ({ height, width }: Size): string => `${height}x${width}`;
