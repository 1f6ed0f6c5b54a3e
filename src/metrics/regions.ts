import { PyramidFlowError } from '../core/errors';

export interface Regions {
  /** For each pixel the number of its region, from 1 in order of first appearance; 0 for background. */
  labels: Int32Array;
  /** Pixels of region r at [r - 1]. */
  sizes: number[];
}

/**
 * Labels the 8-connected regions of nonzero pixels, in two passes over the rows with a union-find between.
 *
 * @param mask height * width bytes, row by row. Throws ShapeError for another length.
 */
export function labelRegions(mask: Uint8Array, height: number, width: number): Regions {
  if (mask.length !== height * width) {
    throw new PyramidFlowError(
      'ShapeError',
      `a mask of ${mask.length} pixels is not ${height} x ${width}`,
      'pass the height and width of the mask itself',
    );
  }
  const labels = new Int32Array(mask.length);
  const parents = [0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (mask[at] !== 0) labels[at] = provisionalLabel(labels, parents, at, x, y, width);
    }
  }
  return { labels, sizes: renumber(labels, parents) };
}

/** Joins the regions of the four neighbours already seen, or starts a new one. */
function provisionalLabel(labels: Int32Array, parents: number[], at: number, x: number, y: number, width: number): number {
  const west = x > 0 ? labels[at - 1] : 0;
  const northWest = x > 0 && y > 0 ? labels[at - width - 1] : 0;
  const north = y > 0 ? labels[at - width] : 0;
  const northEast = y > 0 && x + 1 < width ? labels[at - width + 1] : 0;
  let label = 0;
  for (const neighbour of [west, northWest, north, northEast]) {
    if (neighbour === 0) continue;
    label = label === 0 ? root(parents, neighbour!) : unite(parents, label, neighbour!);
  }
  return label === 0 ? parents.push(parents.length) - 1 : label;
}

function root(parents: number[], label: number): number {
  while (parents[label] !== label) {
    parents[label] = parents[parents[label]!]!;
    label = parents[label]!;
  }
  return label;
}

function unite(parents: number[], a: number, b: number): number {
  const [rootA, rootB] = [root(parents, a), root(parents, b)];
  const smaller = Math.min(rootA, rootB);
  parents[Math.max(rootA, rootB)] = smaller;
  return smaller;
}

/** Replaces provisional labels by 1, 2, 3 ... in place; returns the sizes. */
function renumber(labels: Int32Array, parents: number[]): number[] {
  const final = new Int32Array(parents.length);
  const sizes: number[] = [];
  for (let at = 0; at < labels.length; at++) {
    if (labels[at] === 0) continue;
    const top = root(parents, labels[at]!);
    if (final[top] === 0) final[top] = sizes.push(0);
    labels[at] = final[top]!;
    sizes[final[top]! - 1]!++;
  }
  return sizes;
}
