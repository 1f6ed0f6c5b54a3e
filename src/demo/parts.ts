import { PyramidFlowError } from '../core/errors';
import { Random } from '../core/random';
import { makeDefect, type PartDefect } from './part-defects';
import { inside, makeSurface, partDistance } from './part-surface';

export interface Part {
  /** size * size RGB bytes. */
  image: Uint8Array;
  /** size * size bytes: 255 where defective, else 0. */
  mask: Uint8Array;
}

/** One file of the data set, as the layout of MVTec AD names it; 3 channels for an image, 1 for a mask. */
export interface PartFile {
  path: string;
  data: Uint8Array;
  width: number;
  height: number;
  channels: 1 | 3;
}

/** Samples a pixel's side, for smooth edges. */
const SAMPLES = 2;
/** Standard deviation of the camera's noise, in 256ths. */
const SENSOR_NOISE = 1.3;
const DEFECTS: readonly PartDefect[] = ['scratch', 'stain', 'missing'];

/**
 * Renders a part as a camera above an inspection table would see it: a steel flange with bore, bolt holes and a sealing
 * ring, which from part to part differs a little in place, angle, light and grain. The same arguments give the same
 * image; with another defect the same seed gives the same part.
 *
 * @param size side in pixels, at least 16. Throws ShapeError for a smaller one.
 */
export function makePart(seed: number, size: number, defect: PartDefect): Part {
  if (!Number.isInteger(size) || size < 16) {
    throw new PyramidFlowError(
      'ShapeError',
      `a part of ${size} pixels is too small to show anything`,
      'pass 16 or more, e.g. 128',
    );
  }
  const random = new Random(seed);
  const flaw = makeDefect(defect, new Random(random.uint32()));
  const toPart = makePose(random);
  const surface = makeSurface(flaw, random);
  const image = new Uint8Array(size * size * 3);
  const mask = new Uint8Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const sum = [0, 0, 0];
      let defective = 0;
      for (let sample = 0; sample < SAMPLES ** 2; sample++) {
        const [x, y] = toPart(
          (column + ((sample % SAMPLES) + 0.5) / SAMPLES) / size - 0.5,
          (row + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) / size - 0.5,
        );
        surface(x, y, 1 / size / SAMPLES).forEach((value, channel) => (sum[channel]! += value));
        defective += flaw.extent(x, y, 1 / size) * inside(partDistance(x, y), 1 / size);
      }
      const at = row * size + column;
      if (defective / SAMPLES ** 2 >= 0.5) mask[at] = 255;
      const noise = SENSOR_NOISE * random.normal();
      for (let channel = 0; channel < 3; channel++) {
        image[at * 3 + channel] = toByte(sum[channel]! / SAMPLES ** 2, noise);
      }
    }
  }
  return { image, mask };
}

/**
 * The embedded data set, in MVTec AD's layout under `parts/`: good parts to train on, good ones and `perDefect` of each
 * defect to test, with masks. Deterministic in its arguments.
 */
export function partsDataset(options: {
  size: number;
  train: number;
  good: number;
  perDefect: number;
  seed: number;
}): PartFile[] {
  const { size } = options;
  const random = new Random(options.seed);
  const files: PartFile[] = [];
  const add = (folder: string, defect: PartDefect, count: number) => {
    for (let i = 0; i < count; i++) {
      const number = String(i).padStart(3, '0');
      const { image, mask } = makePart(random.uint32(), size, defect);
      files.push({ path: `parts/${folder}/${number}.png`, data: image, width: size, height: size, channels: 3 });
      if (defect === 'none') continue;
      const path = `parts/ground_truth/${defect}/${number}_mask.png`;
      files.push({ path, data: mask, width: size, height: size, channels: 1 });
    }
  };
  add('train/good', 'none', options.train);
  add('test/good', 'none', options.good);
  for (const defect of DEFECTS) add(`test/${defect}`, defect, options.perDefect);
  return files;
}

/** From the image to the part: a fixture holds it to a fraction of a percent and about a degree. */
function makePose(random: Random) {
  const [offsetX, offsetY] = [0.0025 * random.normal(), 0.0025 * random.normal()];
  const turn = 0.015 * random.normal();
  const zoom = 1 + 0.003 * random.normal();
  const [cos, sin] = [Math.cos(turn) / zoom, Math.sin(turn) / zoom];
  return (x: number, y: number): [number, number] => [
    (x - offsetX) * cos - (y - offsetY) * sin,
    (x - offsetX) * sin + (y - offsetY) * cos,
  ];
}

/** Linear light to a byte, with the usual gamma. */
function toByte(light: number, noise: number): number {
  return Math.round(Math.min(255, Math.max(0, 255 * Math.max(0, light) ** (1 / 2.2) + noise)));
}
