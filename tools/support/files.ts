import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './bundle';

/** The files under a folder of the repository whose names end so, relative to the root, with '/', in name order; no packages. */
export function files(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.includes('node_modules'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort();
}
