import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readImage, readMask, writePng } from '../../../src/node/files/image-file';
import { assertClose } from '../../support/assert-close';
import { assertRejects } from '../../support/assert-rejects';
import { buildEntry } from '../../support/build-entry';
import { temporaryFolder } from '../../support/temporary';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const [HEIGHT, WIDTH] = [5, 7];
const pixels = <T>(of: (i: number) => T) => Array.from({ length: HEIGHT * WIDTH }, (_, i) => of(i));
const rgb = Uint8Array.from(pixels((i) => [7 * i, 255 - 5 * i, (i * i) % 256]).flat());
const grey = Uint8Array.from(pixels((i) => 7 * i));

const raw = (data: Uint8Array | Uint16Array, channels: 1 | 2 | 3 | 4): Sharp =>
  sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels } });
const withAlpha = (colors: Uint8Array) =>
  Uint8Array.from(
    pixels((i) => [...colors.subarray((i * colors.length) / 35, ((i + 1) * colors.length) / 35), (3 * i) % 256]).flat(),
  );
const greyAsRgb = pixels((i) => [7 * i, 7 * i, 7 * i]).flat();

/** Lossless files of known pixels. 16 bits: the upper 8 are kept. Alpha is dropped, also where it is 0. */
const EXACT: readonly (readonly [name: string, image: () => Sharp, expected: ArrayLike<number>])[] = [
  ['rgb.png', () => raw(rgb, 3).png(), rgb],
  ['rgb.webp', () => raw(rgb, 3).webp({ lossless: true }), rgb],
  ['rgb.tif', () => raw(rgb, 3).tiff({ compression: 'none' }), rgb],
  ['lzw.tiff', () => raw(rgb, 3).tiff({ compression: 'lzw' }), rgb],
  ['alpha.png', () => raw(withAlpha(rgb), 4).png(), rgb],
  ['grey.png', () => raw(grey, 1).toColourspace('b-w').png(), greyAsRgb],
  ['grey-alpha.png', () => raw(withAlpha(grey), 2).toColourspace('b-w').png(), greyAsRgb],
  ['palette.png', () => raw(grey, 1).png({ palette: true, colours: 256, dither: 0 }), greyAsRgb],
  [
    'sixteen.png',
    () =>
      raw(
        Uint16Array.from(grey, (v) => v * 256 + 255),
        1,
      )
        .toColourspace('grey16')
        .png(),
    greyAsRgb,
  ],
  [
    'rgb16.tif',
    () =>
      raw(
        Uint16Array.from(rgb, (v) => v * 256 + 3),
        3,
      )
        .toColourspace('rgb16')
        .tiff({ compression: 'none' }),
    rgb,
  ],
];

for (const [name, image, expected] of EXACT) {
  test(`reads ${name} to the last bit`, async () => {
    await image().toFile(at(name));
    const read = await readImage(at(name));
    assert.equal([read.height, read.width, read.channels], [HEIGHT, WIDTH, 3]);
    assertClose(read.data, expected, 0, name);
  });
}

test('reads a BMP, whatever it is called', async () => {
  const header = Buffer.alloc(54);
  header.write('BM');
  for (const [offset, value] of [
    [10, 54],
    [14, 40],
    [18, 1],
    [22, 2],
    [28, 24],
  ])
    header.writeInt32LE(value, offset);
  writeFileSync(at('photo.jpg'), Buffer.concat([header, Buffer.from([1, 2, 3, 0, 4, 5, 6, 0])]));
  assert.equal([...(await readImage(at('photo.jpg'))).data], [6, 5, 4, 3, 2, 1]);
});

test('reads a JPEG closely, upright as its EXIF orientation says', async () => {
  const left = Uint8Array.from({ length: 32 * 16 * 3 }, (_, i) => (Math.floor(i / 3) % 32 < 16 ? 250 : 10));
  const image = sharp(left, { raw: { width: 32, height: 16, channels: 3 } });
  const turnedClockwise = 6;
  await image.jpeg({ quality: 100 }).withMetadata({ orientation: turnedClockwise }).toFile(at('turned.jpg'));
  const read = await readImage(at('turned.jpg'));
  assert.equal([read.height, read.width], [32, 16]);
  assertClose(
    read.data,
    Uint8Array.from({ length: 32 * 16 * 3 }, (_, i) => (i < 16 * 16 * 3 ? 250 : 10)),
    3,
    'pixels',
  );
});

test('reads CMYK as the RGB colours that look the same', async () => {
  await sharp({ create: { width: 4, height: 4, channels: 3, background: '#ffffff' } })
    .toColourspace('cmyk')
    .jpeg({ quality: 100 })
    .toFile(at('cmyk.jpg'));
  const { data } = await readImage(at('cmyk.jpg'));
  assert.is(data.length, 48);
  assert.ok(
    data.every((byte) => byte > 240),
    `${data.subarray(0, 3)}`,
  );
});

test('masks are defective where the brightest channel is above 127', async () => {
  const colors = [0, 0, 0, 127, 127, 127, 128, 0, 0, 255, 255, 255];
  await sharp(Uint8Array.from(colors), { raw: { width: 4, height: 1, channels: 3 } })
    .png()
    .toFile(at('mask.png'));
  assert.equal(await readMask(at('mask.png')), { data: Uint8Array.from([0, 0, 1, 1]), height: 1, width: 4 });
});

test('writes what it reads, in folders that did not exist', async () => {
  for (const [data, channels, expected] of [
    [rgb, 3, rgb],
    [grey, 1, greyAsRgb],
  ] as const) {
    const path = at(`new/${channels}/image.png`);
    await writePng(path, { data, height: HEIGHT, width: WIDTH, channels });
    assertClose((await readImage(path)).data, expected, 0, path);
  }
  await assertRejects(
    () => writePng(at('rgb.png/x.png'), { data: grey, height: HEIGHT, width: WIDTH, channels: 1 }),
    'DataError',
    /rgb\.png.x\.png cannot be written/,
  );
});

/** A PNG that says it has 20000 x 20000 pixels, in 70 bytes. */
const BOMB = `89504e470d0a1a0a0000000d4948445200004e2000004e2008020000006c12d16e
0000000149444154015f3f4d7e0000000049454e44ae426082`;

/** A TIFF of one floating-point pixel. */
function floatTiff(): Buffer {
  const tags = [
    [256, 1],
    [257, 1],
    [258, 32],
    [259, 1],
    [262, 1],
    [273, 8],
    [277, 1],
    [278, 1],
    [279, 4],
    [339, 3],
  ];
  const file = Buffer.alloc(12 + 2 + 12 * tags.length + 4);
  file.write('II*\0');
  file.writeUInt32LE(12, 4);
  file.writeFloatLE(0.5, 8);
  file.writeUInt16LE(tags.length, 12);
  tags.forEach(([tag, value], i) => {
    file.writeUInt16LE(tag, 14 + 12 * i);
    file.writeUInt16LE(4, 16 + 12 * i); // LONG
    file.writeUInt32LE(1, 18 + 12 * i);
    file.writeUInt32LE(value, 22 + 12 * i);
  });
  return file;
}

test('an unreadable image is named, with the reason', async () => {
  await sharp(
    Uint8Array.from({ length: 300 * 300 * 3 }, (_, i) => (i * i) % 251),
    { raw: { width: 300, height: 300, channels: 3 } },
  )
    .jpeg()
    .toFile(at('whole.jpg'));
  writeFileSync(at('cut.jpg'), (await sharp(at('whole.jpg')).toBuffer()).subarray(0, 6000));
  writeFileSync(at('text.png'), 'not an image');
  writeFileSync(at('empty.png'), '');
  writeFileSync(at('bomb.png'), Buffer.from(BOMB.replace('\n', ''), 'hex'));
  writeFileSync(at('float.tif'), floatTiff());
  mkdirSync(at('folder.png'));
  const cases: readonly (readonly [string, RegExp])[] = [
    ['missing.png', /no such file/],
    ['folder.png', /it is a folder/],
    ['text.png', /unsupported image format/],
    ['empty.png', /./],
    ['cut.jpg', /premature end/i],
    ['bomb.png', /20000x20000.*150000000/],
    ['float.tif', /samples have the type float/],
  ];
  for (const [name, reason] of cases) {
    await assertRejects(() => readImage(at(name)), 'DataError', reason);
    await assertRejects(() => readImage(at(name)), 'DataError', new RegExp(name.replace('.', '\\.')));
  }
});

/** A bitmap of 24 bits that says it has this many pixels, and has none. */
function bmpHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(54);
  header.write('BM');
  header.writeUInt32LE(54, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(24, 28);
  return header;
}

test('an image of more pixels than allowed is refused by its header, which names the setting', async () => {
  writeFileSync(at('bomb.bmp'), bmpHeader(15000, -15000));
  await raw(rgb, 3).png().toFile(at('small.png'));
  const cases = [
    ['bomb.bmp', undefined, /15000x15000/],
    ['bomb.png', undefined, /20000x20000/],
    ['small.png', 34, /5x7.* 34 are allowed/],
  ] as const;
  for (const [name, maxPixels, message] of cases) {
    await assertRejects(() => readImage(at(name), { maxPixels }), 'DataError', message);
    await readImage(at(name), { maxPixels }).catch(({ details }) => assert.equal(details.settings, ['maxPixels']));
  }
  assert.is((await readImage(at('small.png'), { maxPixels: 35 })).data.length, 105);
  await assertRejects(() => readMask(at('small.png'), { maxPixels: 34 }), 'DataError', /34 are allowed/);
  // Allowed more, they are read, and then found to be damaged.
  await assertRejects(() => readImage(at('bomb.png'), { maxPixels: 1e9 }), 'DataError', /cannot be read/);
  await assertRejects(() => readImage(at('bomb.bmp'), { maxPixels: 1e9 }), 'DataError', /rows end at byte/);
});

test('of several pages the first one counts', async () => {
  const pages = { raw: { width: WIDTH, height: 2 * HEIGHT, channels: 3, pageHeight: HEIGHT } } as const;
  await sharp(Uint8Array.from([...rgb, ...rgb.slice().reverse()]), pages)
    .webp({ lossless: true })
    .toFile(at('pages.webp'));
  assert.is((await sharp(at('pages.webp'), { animated: true }).metadata()).pages, 2);
  const { data, height, width } = await readImage(at('pages.webp'), { maxPixels: HEIGHT * WIDTH });
  assert.equal([height, width], [HEIGHT, WIDTH]);
  assertClose(data, rgb, 0, 'first page');
});

test('FIFOs and devices with names of images are refused at once', async () => {
  execFileSync('mkfifo', [at('fifo.png')]);
  symlinkSync('/dev/zero', at('zero.png'));
  await assertRejects(() => readImage(at('fifo.png')), 'DataError', /fifo\.png.*FIFO/);
  await assertRejects(() => readImage(at('zero.png')), 'DataError', /zero\.png.*device/);
});

test('names that libvips would parse as options, and changed files, are read as they are', async () => {
  for (const name of ['x.png[page=2]', 'y%d.png', 'z[1]']) {
    for (const value of [10, 200]) {
      const image = { data: new Uint8Array(12).fill(value), height: 2, width: 2, channels: 3 };
      await writePng(at('source.png'), image);
      copyFileSync(at('source.png'), at(name));
      assertClose((await readImage(at(name))).data, image.data, 0, `${name} ${value}`);
    }
  }
});

test('decoding takes little more memory than the pixels it returns', async () => {
  const side = 4000;
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
  await sharp({ create: { width: side, height: side, channels: 3, background: '#888', noise } })
    .png({ compressionLevel: 1 })
    .toFile(at('large.png'));
  const built = buildEntry('src/node/files/image-file.ts', 'image-file-for-its-test');
  const program = at('read.mjs');
  writeFileSync(
    program,
    `import { readImage } from ${JSON.stringify(pathToFileURL(built).href)};
    const before = process.resourceUsage().maxRSS;
    const { data } = await readImage(${JSON.stringify(at('large.png'))});
    console.log(JSON.stringify({ bytes: data.length, grown: 1024 * (process.resourceUsage().maxRSS - before) }));`,
  );
  const { stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
  assert.is(stderr, '');
  const { bytes, grown } = JSON.parse(stdout);
  assert.is(bytes, 3 * side * side);
  assert.ok(grown < 1.6 * bytes, `${grown} bytes for ${bytes}`); // a copy of them, or of the file, would take 2
});

test.run();
