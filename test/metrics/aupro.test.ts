import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { AUPRO_LIMITS, OverlapArea } from '../../src/metrics/aupro';
import { PixelRanking } from '../../src/metrics/pixel-ranking';
import { labelRegions } from '../../src/metrics/regions';
import { assertClose } from '../support/assert-close';

interface Size {
  readonly height: number;
  readonly width: number;
}

/** Of maps and masks that lie end to end; null where it is undefined. */
function aupro(maps: Float32Array, masks: Uint8Array, { height, width }: Size, limits: readonly number[] = AUPRO_LIMITS) {
  const pixels = new PixelRanking(height, width);
  for (let start = 0; start < maps.length; start += height * width) {
    pixels.add(maps.subarray(start, start + height * width), masks.subarray(start, start + height * width));
  }
  const areas = limits.map((limit) => new OverlapArea(limit, pixels));
  const visit = pixels.visit((_, falsePositives, overlap) => {
    for (const area of areas) area.add(falsePositives, overlap);
  });
  while (!visit.next().done);
  const results = areas.map((area) => area.result());
  return results.every((result) => result !== null) ? results : null;
}

/** The curve point by point: each distinct score as a threshold, each region counted anew. */
function overlapCurve(maps: Float32Array, masks: Uint8Array, height: number, width: number): [number, number][] {
  const pixels = height * width;
  const regions: number[][] = [];
  for (let start = 0; start < maps.length; start += pixels) {
    const { labels, sizes } = labelRegions(masks.subarray(start, start + pixels), height, width);
    const positions = [...labels.keys()];
    sizes.forEach((_, r) => regions.push(positions.filter((at) => labels[at] === r + 1).map((at) => start + at)));
  }
  const normals = [...masks.keys()].filter((at) => masks[at] === 0);
  const share = (at: number[], threshold: number) => at.filter((i) => maps[i] >= threshold).length / at.length;
  const thresholds = [...new Set(maps)].sort((a, b) => b - a);
  return [
    [0, 0],
    ...thresholds.map((t): [number, number] => [
      share(normals, t),
      regions.reduce((sum, region) => sum + share(region, t), 0) / regions.length,
    ]),
  ];
}

/** Trapezoids between neighbours of the curve, the last cut at the limit. */
function areaUnder(curve: [number, number][], limit: number): number {
  let area = 0;
  for (let i = 1; i < curve.length; i++) {
    const [[x0, y0], [x1, y1]] = [curve[i - 1], curve[i]];
    if (x0 >= limit || x1 === x0) continue;
    const end = Math.min(x1, limit);
    area += ((end - x0) * (y0 + y0 + ((y1 - y0) * (end - x0)) / (x1 - x0))) / 2;
  }
  return area / limit;
}

test('agrees with the curve traced threshold by threshold, at several limits', () => {
  const random = new Random(6);
  const [count, height, width] = [3, 9, 11];
  const limits = [0.3, 0.05, 0.0317, 0.77];
  for (const levels of [0, 3, 10]) {
    const masks = Uint8Array.from({ length: count * height * width }, () => (random.uniform() < 0.15 ? 255 : 0));
    const maps = Float32Array.from(masks, (mask) => {
      const score = random.uniform() + (mask ? 0.2 : 0);
      return levels ? Math.round(score * levels) : score;
    });
    const curve = overlapCurve(maps, masks, height, width);
    const expected = limits.map((limit) => areaUnder(curve, limit));
    assertClose(aupro(maps, masks, { height, width }, limits)!, expected, 1e-12, `${levels} levels`);
  }
});

test('closed forms: perfect maps, constant maps, reversed maps', () => {
  const masks = Uint8Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0);
  const size = { height: 1, width: 10 };
  const perfect = Float32Array.from(masks);
  const reversed = perfect.map((value) => -value);
  assertClose(aupro(perfect, masks, size, [0.3, 1])!, [1, 1], 1e-15, 'perfect');
  assertClose(aupro(new Float32Array(10), masks, size, [0.3, 1])!, [0.15, 0.5], 1e-15, 'constant');
  assertClose(aupro(reversed, masks, size, [0.3, 0.05])!, [0, 0], 1e-15, 'reversed');
});

test('a small region weighs as much as a large one', () => {
  const masks = Uint8Array.of(1, 1, 1, 1, 0, 1, 0, 0);
  const foundSmall = Float32Array.of(0, 0, 0, 0, 0, 9, 0, 0);
  const foundLarge = Float32Array.of(9, 9, 9, 9, 0, 0, 0, 0);
  const size = { height: 1, width: 8 };
  assert.equal(aupro(foundSmall, masks, size), aupro(foundLarge, masks, size));
});

test('an overlap of zero exactly at the limit stays zero', () => {
  const masks = Uint8Array.of(0, 0, 0, 0, 1);
  const maps = Float32Array.of(5, 4, 3, 2, 1); // the rate is 0.5 when the overlap still is 0
  assert.equal(aupro(maps, masks, { height: 1, width: 5 }, [0.5]), [0]);
});

test('regions of neighbouring images do not touch', () => {
  const masks = Uint8Array.of(0, 0, 1, 1, 0, 0); // the last pixel of one image, the first of the next
  const maps = Float32Array.of(0, 0, 9, 0, 0, 0);
  assertClose(aupro(maps, masks, { height: 1, width: 3 }, [1])!, [0.75], 1e-15, 'one region of two found');
});

test('undefined without a region or without a normal pixel; bad arguments refused', () => {
  const size = { height: 2, width: 2 };
  assert.is(aupro(new Float32Array(4), new Uint8Array(4), size), null);
  assert.is(aupro(new Float32Array(4), new Uint8Array(4).fill(1), size), null);
  const named = (name: string) => (error: Error) => error.name === name;
  assert.throws(() => aupro(new Float32Array(8), new Uint8Array(4), size), named('ShapeError'));
  assert.throws(() => aupro(new Float32Array(6), new Uint8Array(6), size), named('ShapeError'));
  for (const limit of [0, -1, 1.01, NaN]) {
    assert.throws(() => aupro(new Float32Array(4), Uint8Array.of(0, 1, 0, 0), size, [limit]), named('UsageError'));
  }
});

test.run();
