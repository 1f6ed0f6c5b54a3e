import { PyramidFlowError } from '../core/errors';

/** A test image, and what is known about it. */
export interface TestImage {
  path: string;
  /** 1 where anomalous: by its folder, never by its mask. */
  label: 0 | 1;
  /** Name of the folder that says so; 'good' for good images, whatever their folder is called. */
  defect: string;
  mask?: string;
}

/** The images of a category, by their use. */
export interface DatasetLayout {
  /** name of the row of LAYOUTS that was recognised */
  layout: string;
  train: string[];
  test: TestImage[];
  /** Defective images without a mask: they count for image metrics alone. */
  missingMasks: string[];
}

interface LayoutRule {
  name: string;
  /** Folders whose images are good and to be trained on; '' takes a category that has images and no folders. */
  train: readonly string[];
  /** Folder whose subfolders are the kinds of test images; '' is the category itself, undefined is none. */
  test?: string;
  /** Names of subfolders with good test images. */
  good: readonly string[];
  /** Folders that mirror the test folder with masks. */
  masks: readonly string[];
}

/** Folders of good test images, whichever of the two layouts the others follow. */
const GOOD = ['good', 'ok'];

/** The names of image files: formats that can be read. */
export const IMAGE_FILE = /\.(jpe?g|png|bmp|tiff?|webp)$/i;

/** The known layouts; the first one with training images is taken. */
const LAYOUTS: readonly LayoutRule[] = [
  { name: 'MVTec AD', train: ['train/good'], test: 'test', good: GOOD, masks: ['ground_truth'] },
  { name: 'BTAD', train: ['train/ok'], test: 'test', good: GOOD, masks: ['ground_truth'] },
  { name: 'folders', train: ['good', 'normal'], test: '', good: [], masks: ['masks', 'ground_truth'] },
  { name: 'images', train: [''], good: [], masks: [] },
];

/** What a mask may be called, after the name of its image without extension. */
const MASK_SUFFIXES = ['_mask', ''];
const HIDDEN = /(^|\/)\./;
const MOST_NAMED = 30; // categories in a message

/**
 * Recognises how a dataset folder is laid out and sorts its images into training and test.
 *
 * @param paths files relative to the dataset folder, with '/' between
 * @param category subfolder to read; '.' or nothing where the dataset folder itself is the category
 * @throws DataError where the category is missing (it names those there are), has no training image, or has two masks of one
 *   name
 */
export function readLayout(paths: readonly string[], category = '.'): DatasetLayout {
  const images = paths.filter((path) => IMAGE_FILE.test(path) && !HIDDEN.test(path)).sort();
  const prefix = category === '.' || category === '' ? '' : `${category.replace(/\/+$/, '')}/`;
  const inside = images.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  for (const rule of LAYOUTS) {
    const train = inside.filter((path) => isTraining(rule, path));
    if (train.length === 0 || (rule.test === undefined && train.length < inside.length)) continue;
    const withPrefix = (path: string) => prefix + path;
    const test = findTestImages(rule, inside, masksOf(rule, inside, withPrefix));
    return {
      layout: rule.name,
      train: train.map(withPrefix),
      test: test.map((image) => ({
        ...image,
        path: withPrefix(image.path),
        ...(image.mask === undefined ? {} : { mask: withPrefix(image.mask) }),
      })),
      missingMasks: test.filter((image) => image.label === 1 && !image.mask).map((image) => withPrefix(image.path)),
    };
  }
  throw noTraining(images, inside, prefix);
}

function isTraining(rule: LayoutRule, path: string): boolean {
  return rule.train.some((folder) => (folder === '' ? !path.includes('/') : path.startsWith(`${folder}/`)));
}

function findTestImages(rule: LayoutRule, paths: readonly string[], masks: ReadonlyMap<string, string>): TestImage[] {
  if (rule.test === undefined) return [];
  const root = rule.test === '' ? '' : `${rule.test}/`;
  return paths.flatMap((path): TestImage[] => {
    if (!path.startsWith(root) || isTraining(rule, path) || isMask(rule, path)) return [];
    const mirrored = path.slice(root.length);
    if (!mirrored.includes('/')) return [];
    const folder = mirrored.slice(0, mirrored.indexOf('/'));
    if (rule.good.includes(folder)) return [{ path, label: 0, defect: 'good' }];
    const mask = findMask(rule, masks, withoutExtension(mirrored));
    return [{ path, label: 1, defect: folder, ...(mask === undefined ? {} : { mask }) }];
  });
}

/** The masks by their paths without extension. */
function masksOf(
  rule: LayoutRule,
  paths: readonly string[],
  withPrefix: (path: string) => string,
): ReadonlyMap<string, string> {
  const masks = new Map<string, string>();
  for (const path of paths.filter((path) => isMask(rule, path))) {
    const other = masks.get(withoutExtension(path));
    if (other !== undefined) {
      const problem = `two masks have one name: ${withPrefix(other)} and ${withPrefix(path)}`;
      throw new PyramidFlowError('DataError', problem, 'remove one of them');
    }
    masks.set(withoutExtension(path), path);
  }
  return masks;
}

function isMask(rule: LayoutRule, path: string): boolean {
  return rule.masks.some((folder) => path.startsWith(`${folder}/`));
}

function findMask(rule: LayoutRule, masks: ReadonlyMap<string, string>, mirrored: string): string | undefined {
  for (const folder of rule.masks) {
    for (const suffix of MASK_SUFFIXES) {
      const mask = masks.get(`${folder}/${mirrored}${suffix}`);
      if (mask !== undefined) return mask;
    }
  }
  return undefined;
}

function withoutExtension(path: string): string {
  return path.replace(IMAGE_FILE, '');
}

function noTraining(images: readonly string[], inside: readonly string[], prefix: string): PyramidFlowError {
  const error = (problem: string, remedy: string) => new PyramidFlowError('DataError', problem, remedy);
  if (images.length === 0) {
    return error('there are no images in the dataset folder', 'pass a folder of png, jpg, bmp, tif or webp images');
  }
  if (prefix !== '' && inside.length === 0) {
    const problem = `the dataset has no category ${prefix.slice(0, -1)}`;
    if (isCategory(images)) return error(problem, 'the folder is a category itself, so name none');
    return error(problem, `name one of: ${listCategories(images).join(', ') || '(there is none)'}`);
  }
  const categories = prefix === '' ? listCategories(images) : [];
  if (categories.length > 0) {
    return error('the dataset folder holds several categories, and none was named', `name one of: ${categories.join(', ')}`);
  }
  const folders = LAYOUTS.flatMap((rule) => rule.train).filter((folder) => folder !== '');
  return error(
    `${prefix === '' ? 'the dataset folder' : `category ${prefix.slice(0, -1)}`} has no training image`,
    `put good images into one of the folders ${folders.join(', ')}`,
  );
}

/** Whether the images follow one of the layouts with folders. */
function isCategory(images: readonly string[]): boolean {
  return LAYOUTS.some((rule) => rule.test !== undefined && images.some((path) => isTraining(rule, path)));
}

/** The top folders that could be named as a category, the first of many. */
function listCategories(images: readonly string[]): string[] {
  const found = new Set<string>();
  for (const path of images) {
    const slash = path.indexOf('/');
    const inside = path.slice(slash + 1);
    if (slash >= 0 && LAYOUTS.some((rule) => isTraining(rule, inside))) found.add(path.slice(0, slash));
  }
  const names = [...found];
  return names.length <= MOST_NAMED ? names : [...names.slice(0, MOST_NAMED), `... (${names.length} in all)`];
}
