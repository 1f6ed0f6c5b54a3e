import { shorterSideTo } from './resample';
import { PyramidFlowError } from '../core/errors';
import { sizeStep } from '../pyramidflow/config';
import { goodSizes } from '../ops/fft-plan';

export interface Size {
  readonly height: number;
  readonly width: number;
}

/** The shorter side, or height and width. */
export type SizeRequest = { readonly shorter: number } | Size;

/** Reads `256` or `256x192`. Throws UsageError for anything else. */
export function parseSize(text: string): SizeRequest {
  const [, first, second] = /^(\d+)(?:x(\d+))?$/i.exec(text.trim()) ?? [];
  if (!Number(first) || (second !== undefined && !Number(second))) {
    throw new PyramidFlowError(
      'UsageError',
      `size ${text} is not understood`,
      'give 256 (the shorter side) or 256x192 (height x width)',
      { details: { settings: ['size'] } },
    );
  }
  return second === undefined ? { shorter: Number(first) } : { height: Number(first), width: Number(second) };
}

/**
 * The size at which a model sees images: the requested one, with the longer side in proportion to `image`, moved to the
 * nearest sides that `levels` levels and the Fourier transform can take. All images of a data set go to this one size.
 */
export function modelSize(request: SizeRequest, image: Size, levels: number): { size: Size; adjusted: boolean } {
  const wanted = 'shorter' in request ? shorterSideTo(request.shorter, image.height, image.width) : request;
  const size = { height: nearestGoodSide(wanted.height, levels), width: nearestGoodSide(wanted.width, levels) };
  return { size, adjusted: size.height !== wanted.height || size.width !== wanted.width };
}

/**
 * The side nearest to `side` that `levels` levels and the Fourier transform of the loss can take; of two, the larger.
 */
export function nearestGoodSide(side: number, levels: number): number {
  const { smaller, larger } = goodSizes(side, sizeStep(levels));
  return side - smaller < larger - side ? smaller : larger;
}

export const formatSize = ({ height, width }: Size): string => `${height}x${width}`;
