import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { encodeCheckpoint } from '../../src/checkpoint/encode';
import { partsDataset } from '../../src/demo/parts';
import { writePng } from '../../src/node/files/image-file';
import { trainedCheckpoint } from '../examples/parts';
import { Project } from './package';

const SIZE = 64;

/** The smallest network and images that train: what the text says of the model's size is overruled. */
const SMALL = '--size 32 --channels 4 --levels 3 --stacks 1 --kernel 3 --epochs 1 --force'.split(' ');
/** Subcommands that end in seconds on a small data set. */
const QUICK = ['train', 'evaluate', 'detect', 'info'];

/**
 * What READMEs take for granted: a project in which the package is installed, and in it
 *
 *   screws/good/*.png, screws/scratched/*.png, screws/masks/scratched/*.png   a data set
 *   mvtec/bottle/                                                             one in the layout of MVTec AD
 *   screws.safetensors, part.png, new-images/*.png                            a trained model, an image, more images
 *   page/                                                                     the page's bundle, the same model and image, good/
 */
export class ReadmeProject extends Project {
  static async create(): Promise<ReadmeProject> {
    const project = new ReadmeProject('readme-test', ['node', 'web']);
    await project.writeImages();
    project.write('screws.safetensors', await encodeCheckpoint(await trainedCheckpoint()));
    const dist = project.path('node_modules/pyramidflow/dist');
    for (const name of readdirSync(dist).filter((file) => /^web.*\.js$/.test(file))) {
      copyFileSync(join(dist, name), project.path(`page/${name}`));
    }
    for (const name of ['screws.safetensors', 'part.png']) copyFileSync(project.path(name), project.path(`page/${name}`));
    project.write('page/index.html', PAGE);
    return project;
  }

  /** Runs a module in the project. */
  runModule(name: string, code: string): void {
    this.write(name, code);
    this.run(process.execPath, name);
  }

  /** Runs a command of `pyramidflow` with a small model, if it is a quick one. Returns whether it did. */
  runCommand(words: readonly string[]): boolean {
    const [program, subcommand, ...args] = words[0] === 'npx' ? words.slice(1) : words;
    if (program !== 'pyramidflow' || !QUICK.includes(subcommand) || args.includes('--resume')) return false;
    this.run(process.execPath, this.program, subcommand, ...args, ...(subcommand === 'train' ? SMALL : []));
    return true;
  }

  /** What `pyramidflow COMMAND --help` prints; undefined where there is no such command. */
  help = (command?: string): string | undefined => {
    const args = [this.program, ...(command ? [command] : []), '--help'];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    return status === 0 && (!command || stdout.startsWith(`Usage: pyramidflow ${command}`)) ? stdout : undefined;
  };

  private readonly program = this.path('node_modules/pyramidflow/dist/cli.js');

  private async writeImages(): Promise<void> {
    const all = partsDataset({ size: SIZE, train: 6, good: 2, perDefect: 1, seed: 2023 });
    const places: readonly (readonly [from: string, to: string])[] = [
      ['parts/', 'mvtec/bottle/'],
      ['parts/train/good/', 'screws/good/'],
      ['parts/test/scratch/', 'screws/scratched/'],
      ['parts/ground_truth/scratch/', 'screws/masks/scratched/'],
      ['parts/test/good/', 'new-images/'],
      ['parts/train/good/', 'page/good/'],
    ];
    for (const [from, to] of places) {
      for (const file of all.filter(({ path }) => path.startsWith(from))) {
        const path = this.path(file.path.replace(from, to));
        mkdirSync(join(path, '..'), { recursive: true });
        await writePng(path, file);
      }
    }
    copyFileSync(this.path('new-images/000.png'), this.path('part.png'));
  }
}

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>README</title>
<link rel="icon" href="data:,">
<video muted></video>
<canvas></canvas>
<img alt="a part" src="part.png">
`;
