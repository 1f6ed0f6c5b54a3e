import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { PyramidFlowError } from '../../core/errors';
import { IMAGE_FILE } from '../../dataset/layouts';
import { listFiles } from './dataset';

/** An image to inspect, and the name of its results: its path without extension, relative to what all inputs share. */
export interface InputFile {
  readonly path: string;
  /** with '/' between folders; no two inputs have the same */
  readonly name: string;
}

/**
 * The images that arguments name, each once: files, and all images in folders except hidden ones and those in the folder
 * `results`. Throws DataError for what does not exist, and where there is no image.
 */
export async function findInputs(inputs: readonly string[], results: string): Promise<InputFile[]> {
  const found = await Promise.all(inputs.map((input) => expand(input, resolve(results))));
  const paths = [...new Set(found.flatMap(({ files }) => files))];
  if (paths.length === 0) {
    throw new PyramidFlowError(
      'DataError',
      `${inputs.join(', ')} holds no images`,
      'name png, jpg, bmp, tif or webp files, or a folder of them',
    );
  }
  const root = commonFolder(found.map(({ root }) => root));
  const full = paths.map((path) => relative(root, path).replaceAll(sep, '/'));
  const bare = full.map((name) => name.replace(IMAGE_FILE, ''));
  // a.png beside a.jpg: both keep their extension. Letter case is ignored, as some file systems do.
  const counts = new Map<string, number>();
  for (const name of bare) counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  return paths.map((path, i) => ({ path, name: counts.get(bare[i]!.toLowerCase()) === 1 ? bare[i]! : full[i]! }));
}

async function expand(input: string, results: string): Promise<{ root: string; files: string[] }> {
  const path = resolve(input);
  const kind = await stat(path).catch((cause) => {
    throw new PyramidFlowError('DataError', `${input} does not exist`, 'name images or folders of images', {
      cause,
    });
  });
  if (!kind.isDirectory()) return { root: dirname(path), files: [path] };
  const names = (await listFiles(path)).filter((name) => IMAGE_FILE.test(name) && !/(^|\/)\./.test(name));
  const files = names.map((name) => join(path, name));
  return { root: path, files: files.filter((file) => path === results || !isInside(results, file)) };
}

/** The innermost folder that contains all of them. */
function commonFolder(folders: readonly string[]): string {
  let common = folders[0];
  while (!folders.every((folder) => isInside(common!, folder))) common = dirname(common!);
  return common!;
}

function isInside(folder: string, path: string): boolean {
  const rest = relative(folder, path);
  return rest === '' || (!isAbsolute(rest) && rest.split(sep)[0] !== '..');
}
