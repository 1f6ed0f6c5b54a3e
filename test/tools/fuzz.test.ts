import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../support/temporary';

const PLANTED = 'test/tools/fuzz-planted.program.ts';

/** Runs a fuzz program as `npm run fuzz` does, with a folder of its own for findings. */
async function run(program: string, ...args: string[]): Promise<{ status: number; output: string; folder: string }> {
  const folder = temporaryFolder();
  const child = spawn(process.execPath, ['--import', 'tsx', 'tools/run.ts', program, ...args, '--findings', folder]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const status = await new Promise<number>((resolve) => child.on('close', resolve));
  return { status, output, folder };
}

test('damaged files of all kinds are refused with a clear error or read correctly', async () => {
  const { status, output } = await run('tools/fuzz.ts', '--iterations', '320', '--seed', '20230613');
  assert.match(output, /^\d+ inputs, 0 findings$/m, output);
  assert.is(status, 0);
  for (const name of ['model', 'bmp', 'image', 'layout', 'mask', 'report', 'lock', 'size', 'tuning']) {
    assert.match(output, new RegExp(`^${name} +320 inputs, [1-9]\\d* accepted, .* 0 findings`, 'm'));
  }
});

test('planted faults are found, each with its input, and the inputs after them are tried as well', async () => {
  const { status, output, folder } = await run(PLANTED, '--iterations', '2', '--seed', '7', '--patience', '3');
  assert.is(status, 1, output);
  const faults: readonly (readonly [name: string, problem: RegExp])[] = [
    ['throws', /TypeError.*fuzz-planted\.program\.ts/],
    ['code', /ShapeError/],
    ['wordy', /a refusal of \d+ characters/],
    ['nonsense', /nonsense was accepted/],
    ['crash', /SIGKILL/],
    ['lost', /crash: exit status 0/],
    ['memory', /memory grew by \d+ MiB/],
    ['hang', /no end after 3 s/],
  ];
  for (const [name, problem] of faults) {
    for (const iteration of [0, 1]) {
      const found = new RegExp(`^FINDING ${name}, seed 7, iteration ${iteration}: .*${problem.source}`, 'm');
      assert.match(output, found);
      assert.is(readFileSync(join(folder, `${name}-7-${iteration}.bin`)).length, 8);
    }
    assert.match(output, new RegExp(`^${name} +2 inputs, .* 2 findings`, 'm'));
  }
  assert.match(output, /^sound +2 inputs, 2 accepted, 0 refused, 0 findings/m);
  assert.match(output, /^refuses +2 inputs, 0 accepted, 2 refused, 0 findings/m);
  assert.match(output, /^20 inputs, 16 findings$/m);
});

test('seed and iteration give the same input again', async () => {
  const args = ['--only', 'nonsense', '--seed', '9'];
  const all = await run(PLANTED, ...args, '--iterations', '3');
  const one = await run(PLANTED, ...args, '--iteration', '2');
  assert.equal(readdirSync(one.folder), ['nonsense-9-2.bin']);
  const [first, second] = [all, one].map(({ folder }) => readFileSync(join(folder, 'nonsense-9-2.bin'), 'hex'));
  assert.is(first, second);
  const replayed = await run(PLANTED, '--only', 'nonsense', '--input', join(one.folder, 'nonsense-9-2.bin'));
  assert.is(replayed.status, 1);
  assert.match(replayed.output, /nonsense was accepted/);
});

for (const [args, word] of [
  [['--only', 'nothing'], 'nothing'],
  [['--seconds', '-1'], 'seconds'],
  [['--planet'], 'planet'],
] as const) {
  test(`${args.join(' ')} is refused`, async () => {
    const { status, output } = await run(PLANTED, ...args);
    assert.is(status, 1);
    assert.match(output, new RegExp(`UsageError: .*${word}`));
  });
}

test.run();
