import { PyramidFlowError } from '../../core/errors';
import type { Size } from '../../image/size';

/** One byte per pixel: 1 where a defect is, else 0. */
export interface Mask extends Size {
  readonly data: Uint8Array;
}

/**
 * A mask at another size: a pixel is defective if at least half of the area that it covers is. The nearest pixel, which is
 * common as well, would fray the edges of regions. Throws ShapeError for an empty size.
 */
export function resizeMask(mask: Mask, { height, width }: Size): Mask {
  if (mask.height === height && mask.width === width) return mask;
  if (mask.height < 1 || mask.width < 1 || height < 1 || width < 1) {
    throw new PyramidFlowError(
      'ShapeError',
      `a mask of ${mask.height}x${mask.width} cannot become ${height}x${width}`,
      'give sizes above 0',
    );
  }
  const rows = coverage(mask.height, height);
  const columns = coverage(mask.width, width);
  const data = new Uint8Array(height * width);
  const half = (mask.height / height) * (mask.width / width) * 0.5 * (1 - 1e-9);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let area = 0;
      for (const [row, rowShare] of rows[y]!) {
        for (const [column, share] of columns[x]!) area += rowShare * share * mask.data[row * mask.width + column]!;
      }
      if (area >= half) data[y * width + x] = 1;
    }
  }
  return { data, height, width };
}

/** For every output along one axis: which inputs it covers, and how much of each. */
function coverage(inSize: number, outSize: number): [index: number, share: number][][] {
  const scale = inSize / outSize;
  return Array.from({ length: outSize }, (_, out) => {
    const [from, to] = [out * scale, Math.min(inSize, (out + 1) * scale)];
    const first = Math.floor(from);
    return Array.from({ length: Math.ceil(to) - first }, (_, i): [number, number] => [
      first + i,
      Math.min(to, first + i + 1) - Math.max(from, first + i),
    ]);
  });
}
