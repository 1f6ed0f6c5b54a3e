import assert from 'node:assert/strict';
import type { Random } from '../../../src/core/random';
import { type DatasetLayout, readLayout } from '../../../src/dataset/layouts';
import { chance, pick } from '../mutate';
import { target } from '../target';

interface Tree {
  readonly category?: string;
  readonly paths: readonly string[];
}

const FOLDERS = [
  'train/good',
  'train/ok',
  'train/bad',
  'train',
  'test/good',
  'test/ok',
  'test/broken',
  'test/Good',
  'test',
  'ground_truth/broken',
  'ground_truth/good',
  'ground_truth',
  'good',
  'normal',
  'broken',
  'masks/broken',
  'masks',
  'ok',
  '',
];
const HOSTILE = [
  '..',
  '.',
  '',
  ' ',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '\0',
  '\n',
  '\u001b[2J',
  'é',
  'e\u0301',
  '\u202e',
  '\ud800',
  'con',
  'a:b',
  'a\\b',
  '~',
  '-rf',
  '%2e%2e',
  'x'.repeat(300),
  '.hidden',
  'good ',
  'GOOD',
  '/',
  '//',
];
const ENDINGS = [
  '.png',
  '.jpg',
  '.JPEG',
  '.bmp',
  '.tif',
  '.tiff',
  '.webp',
  '_mask.png',
  '.png.png',
  '.txt',
  '',
  '.',
  '.gif',
  '.pn',
];
const MANY = 20_000;

function generate(random: Random): Tree {
  const name = () => (chance(random, 6) ? pick(random, HOSTILE) : pick(random, ['000', '001', '002', 'a', 'b', 'good']));
  const categories = [pick(random, ['bottle', '01', ...HOSTILE]), pick(random, ['cable', 'test', 'train'])];
  const path = () => {
    const parts = [
      chance(random, 2) ? pick(random, categories) : '',
      pick(random, FOLDERS),
      chance(random, 8) ? name() : '',
    ];
    const file = name() + pick(random, ENDINGS);
    return [...parts.filter((part) => part !== '' || chance(random, 50)), file].join('/');
  };
  const count = random.integer(24);
  const many = chance(random, 2000)
    ? Array.from({ length: MANY }, (_, i) => `${i}/${pick(random, ['a', 'good'])}/${i}.png`)
    : [];
  const asked = pick(random, [undefined, '.', '', `${categories[0]}///`, ...categories, ...HOSTILE]);
  return { category: asked, paths: [...new Set([...Array.from({ length: count }, path), ...many])] };
}

function check(found: DatasetLayout, { paths, category = '.' }: Tree): void {
  const there = new Set(paths);
  const inside = category === '.' || category === '' ? '' : `${category.replace(/\/+$/, '')}/`;
  const { train, test, missingMasks } = found;
  const images = [...train, ...test.map(({ path }) => path)];
  const masks = test.flatMap((image) => image.mask ?? []);
  assert.ok(train.length > 0, 'no training image');
  for (const path of [...images, ...masks]) {
    assert.ok(there.has(path), `made up: ${path}`);
    assert.ok(path.startsWith(inside), `outside the category: ${path}`);
    assert.ok(!/(^|\/)\./.test(path), `hidden: ${path}`);
  }
  assert.equal(new Set(images).size, images.length, 'an image twice');
  assert.ok(!masks.some((path) => images.includes(path)), 'a mask as an image');
  for (const { label, defect, mask, path } of test) {
    assert.equal(label === 0, defect === 'good', `label ${label} of ${defect}`);
    assert.ok(label === 1 || mask === undefined, 'a good image with a mask');
    assert.equal(missingMasks.includes(path), label === 1 && mask === undefined, 'missing masks');
  }
  assert.equal(missingMasks.length, new Set(missingMasks).size);
  assert.deepEqual(readLayout([...paths].reverse(), category), found, 'the order of the paths matters');
}

const decode = (bytes: Uint8Array): Tree => JSON.parse(new TextDecoder().decode(bytes));

export const layout = target({
  name: 'layout',
  refusals: ['DataError'],
  generate: (random) => new TextEncoder().encode(JSON.stringify(generate(random))),
  read: (bytes) => {
    const { paths, category } = decode(bytes);
    return readLayout(paths, category);
  },
  check: (found, bytes) => check(found, decode(bytes)),
});
