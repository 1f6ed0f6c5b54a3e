import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { TEXTURE_USAGE } from '../../src/gpu/flags';
import { HEAT } from '../../src/image/colormap';
import { heatImage, overlay, resizeMap } from '../../src/image/heat-map';
import { Tensor } from '../../src/tensor/tensor';
import { MapPainter, type Painting } from '../../src/web/map-painter';
import { assertClose } from '../support/assert-close';
import { gpu } from '../support/gpu';
import { randomByteImage } from '../support/small-weights';

const USAGE = TEXTURE_USAGE.TEXTURE_BINDING | TEXTURE_USAGE.COPY_DST;
const MAP = { height: 12, width: 16 };
const SIZE = { height: 24, width: 64 }; // 64 pixels a row: rows of a texture's copy then follow each other
const random = new Random(5);
const smooth = (i: number) => Math.sin(0.9 * (i % MAP.width)) + Math.cos(0.7 * Math.floor(i / MAP.width)) + 1;
const values = Float32Array.from({ length: MAP.height * MAP.width }, (_, i) => smooth(i));
const map = Tensor.from(gpu, [1, 1, MAP.height, MAP.width], values, 'map');
const large = resizeMap({ data: values, ...MAP }, SIZE.height, SIZE.width);
const photo = randomByteImage(random, SIZE);
const painter = await MapPainter.create(gpu, 'rgba8unorm');

/** The pixels that are drawn, RGB. */
async function paint(painting: Omit<Painting, 'map'>): Promise<Uint8Array> {
  const { height, width } = SIZE;
  const usage = TEXTURE_USAGE.RENDER_ATTACHMENT | TEXTURE_USAGE.COPY_SRC;
  const texture = gpu.device.createTexture({ size: [width, height], format: 'rgba8unorm', usage });
  painter.paint({ view: texture.createView(), ...SIZE }, { map, ...painting });
  const pixels = Tensor.empty(gpu, [height, width], 'drawn', 'u32');
  const { buffer, offset } = pixels.slice;
  gpu.encode((encoder) =>
    encoder.copyTextureToBuffer({ texture }, { buffer, offset, bytesPerRow: 4 * width }, [width, height]),
  );
  const rgba = new Uint8Array(await gpu.read(pixels.slice));
  pixels.free();
  texture.destroy();
  assert.ok(
    rgba.every((value, i) => i % 4 !== 3 || value === 255),
    'opaque',
  );
  return rgba.filter((_, i) => i % 4 !== 3);
}

function imageTexture(): GPUTexture {
  const { height, width } = SIZE;
  const texture = gpu.device.createTexture({ size: [width, height], format: 'rgba8unorm', usage: USAGE });
  const rgba = new Uint8Array(4 * height * width).fill(255);
  for (let i = 0; i < height * width; i++) rgba.set(photo.data.subarray(3 * i, 3 * i + 3), 4 * i);
  gpu.device.queue.writeTexture({ texture }, rgba, { bytesPerRow: 4 * width }, [width, height]);
  return texture;
}

const image = imageTexture();

/** Entries of the colour table: a value at the border of two may fall to either side, since the GPU divides less exactly. */
function entriesOf(colors: Uint8Array): number[] {
  const table = new Map(Array.from({ length: 256 }, (_, i) => [HEAT.subarray(3 * i, 3 * i + 3).join(), i]));
  return Array.from({ length: colors.length / 3 }, (_, i) => table.get(colors.subarray(3 * i, 3 * i + 3).join()) ?? NaN);
}

test('a map alone is enlarged and coloured as on the CPU', async () => {
  const actual = entriesOf(await paint({ scale: [0, 2.5] }));
  assertClose(actual, entriesOf(heatImage(large, 2.5).data), 1, 'entries of the colour table');
});

test('the scale may begin above zero', async () => {
  const lifted = { ...large, data: large.data.map((value) => value - 0.5) };
  const actual = entriesOf(await paint({ scale: [0.5, 2] }));
  assertClose(actual, entriesOf(heatImage(lifted, 1.5).data), 1, 'entries of the colour table');
});

test('a map over an image is drawn as on the CPU, outline included', async () => {
  const actual = await paint({ scale: [0, 2.5], image, threshold: 1.7 });
  const expected = overlay(photo, large, 2.5, 1.7).data;
  assert.ok(
    expected.some((value, i) => i % 3 === 0 && value === 255),
    'there is an outline',
  );
  assertClose(actual, expected, 3, 'pixels'); // neighbours in the colour table are up to 3 apart
});

test('no opacity leaves the image, and no threshold draws no line', async () => {
  assertClose(await paint({ scale: [0, 1], image, opacity: 0 }), photo.data, 0, 'pixels');
  assertClose(await paint({ scale: [0, 1], image, opacity: 0, threshold: Infinity }), photo.data, 0, 'pixels');
});

test('an image finer than the target is averaged over each pixel', async () => {
  const [height, width] = [4 * SIZE.height, 4 * SIZE.width];
  const texture = gpu.device.createTexture({ size: [width, height], format: 'rgba8unorm', usage: USAGE });
  const stripes = new Uint8Array(4 * height * width).map((_, i) => (Math.floor(i / 4) % 2 === 0 ? 200 : 100));
  gpu.device.queue.writeTexture({ texture }, stripes, { bytesPerRow: 4 * width }, [width, height]);
  const drawn = await paint({ scale: [0, 1], image: texture, opacity: 0 });
  assertClose(drawn, new Uint8Array(drawn.length).fill(150), 1, 'pixels');
});

test.run();
