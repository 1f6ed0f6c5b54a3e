import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { scoreStrips, trainingCurve } from '../../../src/node/report/charts';

const entry = (epoch: number, loss: number) => ({ epoch, loss, gradientNorm: 1, reconstructionError: 0 });
const count = (text: string, part: RegExp) => [...text.matchAll(part)].length;
const pointsOf = (svg: string) =>
  /points="([^"]*)"/
    .exec(svg)![1]
    .split(' ')
    .map((point) => point.split(',').map(Number));

test('every epoch of a short log has its point and its dot', () => {
  const svg = trainingCurve([entry(1, 3), entry(2, 2), entry(3, 4)]);
  assert.is(pointsOf(svg).length, 3);
  assert.is(count(svg, /<circle/g), 3);
});

test('a million epochs make a drawing of bounded size that keeps the highest and the lowest loss', () => {
  const log = Array.from({ length: 1_000_000 }, (_, i) => entry(i + 1, i === 123_456 ? 90 : i === 654_321 ? -70 : 10));
  const svg = trainingCurve(log);
  assert.ok(svg.length < 50_000, `${svg.length} characters`);
  const points = pointsOf(svg);
  const xs = points.map(([x]) => x);
  assert.ok(
    xs.every((x, i) => i === 0 || x >= xs[i - 1]),
    'from left to right',
  );
  // A coordinate grows downwards.
  const ys = points.map(([, y]) => y);
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  assert.is(ys.filter((y) => y === top).length, 1);
  assert.is(ys.filter((y) => y === bottom).length, 1);
  assert.not.match(svg, /NaN|Infinity/);
});

test('a million scores make a drawing of bounded size', () => {
  const images = Array.from({ length: 1_000_000 }, (_, i) => {
    return { path: `${i}.png`, defect: i % 2 ? 'good' : 'torn', score: i === 77 ? 9 : (i % 1000) / 1000 };
  });
  const svg = scoreStrips(images, 0.5);
  assert.ok(svg.length < 400_000, `${svg.length} characters`);
  assert.match(svg, /77\.png: 9</);
  assert.is(count(scoreStrips(images.slice(0, 1000), 0.5), /<circle/g), 1000, 'few have a mark each');
});

test('names in a drawing are escaped', () => {
  const svg = scoreStrips([{ path: '<b>.png', defect: '"&<i>', score: 1 }], undefined);
  assert.not.match(svg, /<b>|<i>/);
});

test.run();
