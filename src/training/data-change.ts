import type { ManifestEntry } from '../checkpoint/checkpoint';
import { PyramidFlowError } from '../core/errors';

const SHOWN = 3;

/**
 * Compares the images that the model in `file` was trained on with those that would continue its training. `notice`
 * is called for contents that cannot be compared, and for differences that are `allowed`. Throws DataError for all others.
 */
export function requireSameData(
  file: string,
  before: { readonly images: number; readonly manifest?: readonly ManifestEntry[] },
  now: readonly ManifestEntry[],
  allowed: boolean,
  notice: (text: string) => void,
): void {
  const { images, manifest } = before;
  const change = manifest ? changedImages(file, manifest, now) : changedNumber(file, images, now.length);
  if (!manifest) notice(`${file} does not say which images it was trained on: only their number can be compared`);
  if (change === undefined) return;
  if (allowed) return notice(`${change}; training continues with the images as they are now`);
  const remedy = 'resume with the same images, or state that the data may change';
  throw new PyramidFlowError('DataError', change, remedy, { details: { settings: ['dataChanged'] } });
}

function changedNumber(file: string, before: number, now: number): string | undefined {
  return before === now ? undefined : `there are ${now} training images, but ${file} was trained on ${before}`;
}

function changedImages(file: string, before: readonly ManifestEntry[], now: readonly ManifestEntry[]): string | undefined {
  const { differences, total } = compare(before, now);
  const { length } = differences;
  if (length === 0) return undefined;
  const rest = length > SHOWN ? ` and ${length - SHOWN} more` : '';
  const verb = length === 1 ? 'differs' : 'differ';
  const list = differences.slice(0, SHOWN).join(', ');
  return `${length} of ${total} training images ${verb} from those that ${file} was trained on: ${list}${rest}`;
}

/** How each image whose name or contents differ has changed, by name, and how many names there are in both lists. */
function compare(before: readonly ManifestEntry[], now: readonly ManifestEntry[]) {
  const byName = (list: readonly ManifestEntry[]) => new Map(list.map((entry) => [entry.name, entry]));
  const [old, current] = [byName(before), byName(now)];
  const names = [...new Set([...old.keys(), ...current.keys()])].sort();
  const differences = names.flatMap((name): string[] => {
    const [was, is] = [old.get(name), current.get(name)];
    if (!is) return [`${name} is missing`];
    if (!was) return [`${name} is new`];
    return was.sha256 === is.sha256 && was.bytes === is.bytes ? [] : [`${name} has other contents`];
  });
  return { differences, total: names.length };
}
