import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import * as assert from 'uvu/assert';

/** Bundles a file of src/ for one test file, `name`: files that run at the same time share nothing. Returns its path. */
export function buildEntry(entry: string, name: string): string {
  const outfile = `build/${name}.js`; // beside which the program finds package.json as from dist/
  const program = `
    import { bundle } from './tools/support/bundle.ts';
    await bundle([${JSON.stringify(entry)}], { outfile: ${JSON.stringify(outfile)} });`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.is(status, 0, stderr);
  return resolve(outfile);
}
