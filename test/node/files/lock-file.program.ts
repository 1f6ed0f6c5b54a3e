import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PyramidFlowError } from '../../../src/core/errors';
import { lockFile } from '../../../src/node/files/lock-file';

// Says that it is ready, waits for FOLDER/go, locks the files that it is given, prints what came of each, and keeps its
// locks until its input ends.

const [folder, ...names] = process.argv.slice(2);
console.log('ready');
while (!existsSync(join(folder, 'go'))) await delay(1);
const results: Record<string, string> = {};
for (const name of names) {
  await lockFile(join(folder, name)).then(
    () => (results[name] = 'locked'),
    (error: PyramidFlowError) => (results[name] = error.code),
  );
}
console.log(JSON.stringify(results));
process.stdin.on('end', () => process.exit()).resume();
