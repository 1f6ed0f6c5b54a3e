import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './bundle';

/** The files under a folder of the repository with this ending, relative to the root, with '/', sorted; none of node_modules. */
export function files(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.includes('node_modules'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort();
}
