import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readLayout } from '../../src/dataset/layouts';

const MVTEC = [
  'bottle/test/broken/000.png',
  'bottle/train/good/001.png',
  'bottle/train/good/000.png',
  'bottle/test/good/000.png',
  'bottle/ground_truth/broken/000_mask.png',
  'bottle/test/broken/001.png',
  'bottle/readme.txt',
  'license.txt',
  'bottle/train/good/._000.png',
  'bottle/.cache/x.png',
];

const MVTEC_READ = {
  layout: 'MVTec AD',
  train: ['bottle/train/good/000.png', 'bottle/train/good/001.png'],
  test: [
    { path: 'bottle/test/broken/000.png', label: 1, defect: 'broken', mask: 'bottle/ground_truth/broken/000_mask.png' },
    { path: 'bottle/test/broken/001.png', label: 1, defect: 'broken' },
    { path: 'bottle/test/good/000.png', label: 0, defect: 'good' },
  ],
  missingMasks: ['bottle/test/broken/001.png'],
};

test('MVTec AD, sorted, without hidden files; a missing mask is listed', () => {
  assert.equal(readLayout(MVTEC, 'bottle'), MVTEC_READ);
  assert.equal(readLayout([...MVTEC].reverse(), 'bottle/'), MVTEC_READ);
});

test('the folder itself may be the category', () => {
  const inside = MVTEC.filter((path) => path.startsWith('bottle/')).map((path) => path.slice('bottle/'.length));
  const expected = JSON.parse(JSON.stringify(MVTEC_READ).replaceAll('bottle/', ''));
  assert.equal(readLayout(inside), expected);
  assert.equal(readLayout(inside, '.'), expected);
});

test('BTAD, with masks of another extension', () => {
  const paths = [
    '01/train/ok/0000.bmp',
    '01/test/ok/0000.bmp',
    '01/test/ko/0000.bmp',
    '01/test/ko/0001.bmp',
    '01/ground_truth/ko/0000.png',
    '01/ground_truth/ko/0001.bmp',
    '02/train/ok/0000.png',
  ];
  assert.equal(readLayout(paths, '01'), {
    layout: 'BTAD',
    train: ['01/train/ok/0000.bmp'],
    test: [
      { path: '01/test/ko/0000.bmp', label: 1, defect: 'ko', mask: '01/ground_truth/ko/0000.png' },
      { path: '01/test/ko/0001.bmp', label: 1, defect: 'ko', mask: '01/ground_truth/ko/0001.bmp' },
      { path: '01/test/ok/0000.bmp', label: 0, defect: 'good' },
    ],
    missingMasks: [],
  });
});

test('plain folders: good or normal to train on, every other folder a defect, masks mirrored', () => {
  const paths = [
    'cup/good/a.JPG',
    'cup/normal/b.jpeg',
    'cup/crack/a.tif',
    'cup/crack/deep/a.webp',
    'cup/hole/c.PNG',
    'cup/masks/crack/a.png',
    'cup/masks/crack/deep/a_mask.png',
    'cup/ground_truth/hole/c.bmp',
  ];
  assert.equal(readLayout(paths, 'cup'), {
    layout: 'folders',
    train: ['cup/good/a.JPG', 'cup/normal/b.jpeg'],
    test: [
      { path: 'cup/crack/a.tif', label: 1, defect: 'crack', mask: 'cup/masks/crack/a.png' },
      { path: 'cup/crack/deep/a.webp', label: 1, defect: 'crack', mask: 'cup/masks/crack/deep/a_mask.png' },
      { path: 'cup/hole/c.PNG', label: 1, defect: 'hole', mask: 'cup/ground_truth/hole/c.bmp' },
    ],
    missingMasks: [],
  });
});

test('a folder of images alone is all good', () => {
  const expected = { layout: 'images', train: ['a.png', 'b.tiff'], test: [], missingMasks: [] };
  assert.equal(readLayout(['b.tiff', 'a.png', 'notes.md']), expected);
  assert.equal(readLayout(['x/a.png', 'y/a.png'], 'x').train, ['x/a.png']);
});

test('the label comes from the folder, whatever masks there are', () => {
  const paths = ['train/good/0.png', 'test/good/0.png', 'ground_truth/good/0_mask.png', 'test/dent/0.png'];
  const labels = readLayout(paths).test.map(({ path, label, mask }) => [path, label, mask]);
  assert.equal(labels, [
    ['test/dent/0.png', 1, undefined],
    ['test/good/0.png', 0, undefined],
  ]);
});

test('good test images are those in good and in ok, whichever the training images are in', () => {
  for (const name of ['good', 'ok']) {
    const { test: found } = readLayout([`train/${name}/0.png`, 'test/good/0.png', 'test/ok/0.png']);
    assert.equal(
      found.map(({ label, defect }) => [label, defect]),
      [
        [0, 'good'],
        [0, 'good'],
      ],
    );
  }
});

test('of many categories the first are named, without looking at every image for each', () => {
  const many = Array.from({ length: 50_000 }, (_, i) => `${i}/good/0.png`);
  assert.throws(
    () => readLayout(many),
    (error: Error) => /\(50000 in all\)/.test(error.message) && error.message.length < 1000,
  );
});

const failures: [string, string[], string | undefined, RegExp][] = [
  [
    'a category that is not there',
    [...MVTEC, 'cup/good/a.png', 'docs/sub/a.png'],
    'bottel',
    /no category bottel; name one of: bottle, cup$/,
  ],
  [
    'a category named where the folder is one',
    ['train/good/0.png', 'test/good/0.png'],
    'bottle',
    /no category bottle; .*a category itself/,
  ],
  ['no category named, and a stray image', [...MVTEC, 'logo.png'], undefined, /none was named; name one of: bottle$/],
  [
    'two masks that differ in their extension alone',
    [...MVTEC, 'bottle/ground_truth/broken/000_mask.bmp'],
    'bottle',
    /one name: bottle\/ground_truth\/broken\/000_mask\.bmp and bottle\/ground_truth\/broken\/000_mask\.png; remove/,
  ],
  ['no training image', ['bottle/test/good/0.png'], 'bottle', /category bottle has no training image; put .* train\/good/],
  ['no image at all', ['bottle/train/good/0.txt'], 'bottle', /no images/],
];

for (const [name, paths, category, message] of failures) {
  test(`refuses ${name}`, () => {
    assert.throws(
      () => readLayout(paths, category),
      (error: Error) => {
        assert.is(error.name, 'DataError');
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test.run();
