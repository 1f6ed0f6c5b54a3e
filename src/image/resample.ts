import { PyramidFlowError } from '../core/errors';
import { bilinearTaps, PRECISION_BITS } from './taps';

/** The size with the shorter side at `size` and the longer truncated, as torchvision's Resize gives it. */
export function shorterSideTo(size: number, height: number, width: number): { height: number; width: number } {
  return height < width
    ? { height: size, width: Math.trunc((size * width) / height) }
    : { height: Math.trunc((size * height) / width), width: size };
}

/**
 * Resizes an RGB image (height * width * 3 bytes) as Pillow does: first along the rows, then along the columns,
 * rounded to bytes in between; a direction whose size does not change is skipped. The reference for the GPU's kernel.
 */
export function resizeBytes(
  image: Uint8Array,
  height: number,
  width: number,
  outHeight: number,
  outWidth: number,
): Uint8Array {
  if (image.length !== height * width * 3) {
    throw new PyramidFlowError(
      'ShapeError',
      `an image of ${image.length} bytes is not ${height} x ${width} RGB`,
      'pass 3 bytes a pixel',
    );
  }
  const wide = outWidth === width ? image : resampleAxis(image, height, width, outWidth, 3);
  return outHeight === height ? wide.slice() : resampleAxis(wide, 1, height, outHeight, outWidth * 3);
}

/** Resamples the middle axis of outer * inSize * inner bytes. */
function resampleAxis(source: Uint8Array, outer: number, inSize: number, outSize: number, inner: number): Uint8Array {
  const { starts, weights, stride } = bilinearTaps(inSize, outSize);
  const result = new Uint8Array(outer * outSize * inner);
  for (let o = 0; o < outer; o++) {
    for (let out = 0; out < outSize; out++) {
      const count = Math.min(stride, inSize - starts[out]!);
      const from = (o * inSize + starts[out]!) * inner;
      const to = (o * outSize + out) * inner;
      for (let i = 0; i < inner; i++) {
        let sum = 1 << (PRECISION_BITS - 1);
        for (let tap = 0; tap < count; tap++) sum += source[from + tap * inner + i]! * weights[out * stride + tap]!;
        result[to + i] = Math.min(255, sum >> PRECISION_BITS);
      }
    }
  }
  return result;
}
