import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint } from '../../src/checkpoint/checkpoint';
import { encodeCheckpoint } from '../../src/checkpoint/encode';
import { type PartFile as MadeFile, partsDataset } from '../../src/demo/parts';
import type { ByteImage } from '../../src/image/augment';
import { writePng } from '../../src/node/files/image-file';
import { newPlan } from '../../src/training/plan';
import { trainModel } from '../../src/training/train';
import { gpu } from '../support/gpu';
import { temporaryFolder } from '../support/temporary';

const SIZE = 64;
const folder = temporaryFolder();
/** A folder of all the images. */
export const partsFolder = join(folder, 'parts');
const all = partsDataset({ size: SIZE, train: 12, good: 3, perDefect: 2, seed: 2023 });
const inFolder = (name: string) => all.filter(({ path }) => path.startsWith(`parts/${name}/`));

/** An image file of a part, as a user would have it. */
export interface PartFile {
  readonly name: string;
  readonly file: string;
  /** 255 where it is defective; none for a good part */
  readonly mask?: Uint8Array;
}

/** Writes the images of one folder of the data set, as FOLDER-0.png and so on. */
async function write(name: string): Promise<PartFile[]> {
  const masks = inFolder(`ground_truth/${name.split('/').at(-1)}`);
  return Promise.all(
    inFolder(name).map(async (part, i) => {
      const file = `${name.replace('/', '-')}-${i}.png`;
      await writePng(join(partsFolder, file), part);
      return { name: file, file: join(partsFolder, file), mask: masks[i]?.data };
    }),
  );
}

export const goodParts = await write('train/good');
export const testParts = (await Promise.all(['test/good', 'test/stain', 'test/missing'].map(write))).flat();
/** A part with a missing piece, which even the small model finds. */
export const brokenPart = testParts.at(-1)! as Required<PartFile>;

/** A small model, trained on the good parts for a few seconds. */
export async function trainedCheckpoint(): Promise<Checkpoint> {
  const images = inFolder('train/good').map((part): ByteImage => ({ ...(part as MadeFile & { channels: 3 }) }));
  const options = { size: { shorter: SIZE }, channels: 4, levels: 3, stacks: 1, kernel: 3, epochs: 4, learningRate: 3e-3 };
  const plan = newPlan(options, { category: 'flange', first: images[0], images: images.length }, () => undefined);
  return (await trainModel(gpu, plan, { count: images.length, image: (i) => images[i] }))!;
}

/** A file with these bytes. */
export function fileOf(name: string, bytes: Uint8Array | string): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

export const modelFile = async (name: string, checkpoint: Checkpoint): Promise<string> =>
  fileOf(name, await encodeCheckpoint(checkpoint));
