import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { colorize } from '../../src/image/colormap';
import { heatImage, overlay, resizeMap, scaleFor } from '../../src/image/heat-map';
import { assertClose } from '../support/assert-close';

const map = (values: readonly number[], height: number) => {
  const data = Float32Array.from(values);
  return { data, height, width: data.length / height };
};

test('the same value has the same colour in every image', () => {
  const [a, b] = [heatImage(map([0.5, 0.1], 1), 2), heatImage(map([0.5, 1.9], 1), 2)];
  assert.equal([...a.data.subarray(0, 3)], [...b.data.subarray(0, 3)]);
  assert.equal([a.height, a.width, a.channels], [1, 2, 3]);
});

test('the threshold lies in the middle of its scale', () => assert.is(scaleFor(0.3), 0.6));

test('an overlay leaves normal areas as they are, and colours anomalous ones', () => {
  const image = { data: Uint8Array.from([10, 20, 30, 10, 20, 30, 10, 20, 30]), height: 1, width: 3, channels: 3 };
  const { data } = overlay(image, map([0, 0.2, 1], 1), 1);
  const heat = colorize([1], 1);
  assert.equal([...data.subarray(0, 6)], [10, 20, 30, 10, 20, 30]);
  assertClose(
    data.subarray(6),
    [10, 20, 30].map((v, i) => v + 0.7 * (heat[i] - v)),
    0.5,
    'the anomalous pixel',
  );
});

test('a white line surrounds what exceeds the threshold, inside it and not along the border', () => {
  const values = [0, 0, 0, 0, 0, 0, 9, 9, 9, 9, 0, 9, 9, 9, 9, 0, 9, 9, 9, 9, 0, 9, 9, 9, 9];
  const image = { data: new Uint8Array(75), height: 5, width: 5, channels: 3 };
  const { data } = overlay(image, map(values, 5), 10, 5);
  const white = values.map((_, i) => Number(data.subarray(3 * i, 3 * i + 3).every((byte) => byte === 255)));
  assert.equal(white, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0]);
});

test('a map is enlarged bilinearly with pixel centres aligned, and keeps a plane a plane', () => {
  const plane = (height: number, width: number) =>
    Array.from(
      { length: height * width },
      (_, at) => (2 * (Math.floor(at / width) + 0.5)) / height + ((at % width) + 0.5) / width,
    );
  const { data, height, width } = resizeMap(map(plane(4, 6), 4), 12, 18);
  assert.equal([height, width], [12, 18]);
  const expected = plane(12, 18);
  const inner = (at: number) => at % 18 >= 2 && at % 18 < 16 && at >= 36 && at < 180;
  assertClose(
    data.filter((_, at) => inner(at)),
    expected.filter((_, at) => inner(at)),
    1e-6,
    'away from the border',
  );
  const within = (value: number) => value >= Math.min(...plane(4, 6)) - 1e-6 && value <= Math.max(...plane(4, 6)) + 1e-6;
  assert.ok(data.every(within), 'nothing is extrapolated');
});

test('a map of the wanted size is left alone', () => {
  const same = map([1, 2, 3, 4], 2);
  assert.is(resizeMap(same, 2, 2), same);
});

test('an overlay enlarges a map as resizeMap does, and may replace the image', () => {
  const small = map(
    Array.from({ length: 35 }, (_, i) => ((i * 13) % 17) / 8),
    5,
  );
  const pixels = Uint8Array.from({ length: 3 * 23 * 31 }, (_, i) => (i * 7) % 256);
  const image = () => ({ data: pixels.slice(), height: 23, width: 31, channels: 3 });
  const expected = overlay(image(), resizeMap(small, 23, 31), 2, 1.1).data;
  assert.equal(overlay(image(), small, 2, 1.1).data, expected);
  const original = image();
  assert.is(overlay(original, small, 2, 1.1, original.data).data, original.data);
  assert.equal(original.data, expected);
});

test.run();
