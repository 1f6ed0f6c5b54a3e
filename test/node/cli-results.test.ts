import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { partsDataset } from '../../src/demo/parts';
import { writePng } from '../../src/node/files/image-file';
import { Cli } from '../support/command';
import { tinyDisk } from '../support/full-disk';
import { smallModelFile } from '../support/small-checkpoint';
import { temporaryFolder } from '../support/temporary';

const cli = new Cli('results-test');
const root = temporaryFolder();
const at = (name: string) => join(root, name);
const MODEL = at('model.safetensors');
writeFileSync(MODEL, await smallModelFile());
for (const file of partsDataset({ size: 36, train: 2, good: 3, perDefect: 2, seed: 1 })) {
  await writePng(at(`data/${file.path}`), file);
}
const TEST = at('data/parts/test');
const EVALUATE = ['evaluate', '--model', MODEL, '--data', at('data/parts')];
const detect = (out: string) => ['detect', '--model', MODEL, '--out', at(out)];
const rowsOf = (folder: string) =>
  existsSync(join(folder, 'results.csv')) ? readFileSync(join(folder, 'results.csv'), 'utf8').split('\r\n').length - 2 : 0;

/** Many images: the same one, as links. */
mkdirSync(at('many'));
for (let i = 0; i < 1000; i++) symlinkSync(join(TEST, 'good/000.png'), at(`many/${i}.png`));

test('detect goes on after special files and says so in every format; names cannot act on the terminal', async () => {
  mkdirSync(at('odd'));
  assert.is(spawnSync('mkfifo', [at('odd/fifo.png')]).status, 0);
  symlinkSync('/dev/zero', at('odd/zero.png'));
  symlinkSync(join(TEST, 'good/000.png'), at('odd/\x1b[31m\n=1.png'));
  symlinkSync(join(TEST, 'good/000.png'), at('odd/=1+1.png'));
  const { stdout, stderr } = await cli.run(1, ...detect('odd-out'), at('odd'));
  assert.match(stdout, /fifo\.png +- +failed/);
  assert.match(stdout, /\\x1b\[31m\\x0a=1\.png/);
  assert.not.match(stdout + stderr, /\x1b/);
  assert.match(stderr, /zero\.png.*device/);
  assert.match(readFileSync(at('odd-out/results.csv'), 'utf8'), /,'=1\+1\.heat\.png,/);
  const { images } = JSON.parse((await cli.run(1, ...detect('odd-out'), at('odd'), '--json')).stdout);
  assert.ok(
    images.some(({ path }: { path: string }) => path.endsWith('/\x1b[31m\n=1.png')),
    'JSON has the name as it is',
  );
});

test('Ctrl-C ends detect after the image under way, with what was judged in the files and printed', async () => {
  const { process: child, end } = cli.start(...detect('stopped'), at('many'), '--json');
  while (rowsOf(at('stopped')) < 3 && child.exitCode === null) await delay(10);
  child.kill('SIGINT');
  const { code, stdout, stderr } = await end;
  assert.is(code, 130, stderr);
  const { images, of, ended } = JSON.parse(stdout);
  assert.equal([images.length, of, ended], [rowsOf(at('stopped')), 1000, 'stopped']);
  assert.ok(images.length >= 3 && images.length < 1000);
  assert.match(stderr, new RegExp(`stopped: ${images.length} of 1000`));
});

test('killed, detect leaves whole rows; the next run removes what it was writing', async () => {
  const { process: child, end } = cli.start(...detect('killed'), at('many'));
  while (rowsOf(at('killed')) < 4 && child.exitCode === null) await delay(10);
  child.kill('SIGKILL');
  await end;
  const lines = readFileSync(at('killed/results.jsonl'), 'utf8').split('\n');
  assert.is(lines.pop(), '', 'the last line is whole');
  assert.ok(lines.length >= 4 && lines.every((line) => JSON.parse(line)));
  await cli.run(0, ...detect('killed'), join(TEST, 'good'));
  assert.equal(
    readdirSync(at('killed')).filter((name) => name.endsWith('.tmp')),
    [],
  );
  assert.is(rowsOf(at('killed')), 3);
});

test('a full disk ends detect with exit code 1 and says how many rows are kept', async () => {
  const disk = tinyDisk(128);
  if (!disk) return console.log('skipped: this user may not mount a small disk');
  const { stdout, stderr } = await cli.run(1, 'detect', '--model', MODEL, '--out', disk, at('many'), '--json');
  const kept = rowsOf(disk);
  assert.is(JSON.parse(stdout).images.length, kept);
  assert.match(stderr.trim().split('\n').at(-1)!, new RegExp(`^DataError: .*${kept} rows are kept`));
  assert.not.match(stderr, /this should not happen/);
});

test('a closed pipe is not an error, and the work is finished', async () => {
  const good = join(TEST, 'good');
  const detectAll = `$CLI ${detect('piped').join(' ')} ${at('many')}/1?.png ${good} --json`;
  const { stdout, stderr } = await cli.bash(0, `${detectAll} | head -1`);
  assert.is(stdout, '{\n');
  assert.not.match(stderr, /should not happen|EPIPE/);
  assert.is(rowsOf(at('piped')), 13);
  for (const line of [`$CLI info ${MODEL} | head -1`, '$CLI --help | true', `$CLI info ${MODEL} --json 2>&1 | true`]) {
    assert.not.match((await cli.bash(0, line)).stderr, /should not happen|EPIPE/);
  }
});

test('an output that cannot be written is an error', async () => {
  const full = await cli.bash(1, `$CLI info ${MODEL} --json > /dev/full`);
  assert.match(full.stderr, /^DataError: .*ENOSPC/);
  const disk = tinyDisk(4);
  if (!disk) return console.log('skipped: this user may not mount a small disk');
  const half = await cli.bash(1, `$CLI ${detect('half').join(' ')} ${at('many')}/1?.png ${TEST} --json > ${disk}/a`);
  assert.match(half.stderr, /DataError: .*ENOSPC/); // Node's own stream would have dropped the rest in silence
  assert.is(readFileSync(join(disk, 'a')).length, 4096);
});

test('misplaced outputs are refused before the work', async () => {
  writeFileSync(at('file'), '');
  assert.match((await cli.run(1, ...detect('file'), TEST)).stderr, /DataError: .*file cannot be written.*not a folder/);
  symlinkSync('nothing', at('dangling'));
  for (const more of [
    ['--json', root],
    ['--json', at('dangling')],
    ['--json', '/dev/null'],
    ['--report', at('file')],
  ]) {
    assert.match((await cli.run(1, ...EVALUATE, ...more)).stderr, /DataError: .*cannot be written/, more.join(' '));
  }
});

test('evaluate leaves out unreadable images and says so; it keeps the metrics if the report fails', async () => {
  const broken = join(TEST, 'good/\x1b<b>.png');
  writeFileSync(broken, 'not an image');
  const { stdout, stderr } = await cli.run(1, ...EVALUATE, '--json', at('metrics.json'), '--report', at('report'));
  assert.match(stdout, /^image AUROC +[01]\.\d{4}\n/);
  assert.match(stdout, /judged +\d+ of \d+/);
  assert.match(stderr, /counts for no metric: .*\\x1b<b>\.png/);
  assert.not.match(stdout + stderr, /\x1b/);
  const { judged, of, images } = JSON.parse(readFileSync(at('metrics.json'), 'utf8'));
  assert.equal([judged, images.length], [of - 1, of]);
  const page = readFileSync(at('report/index.html'), 'utf8');
  assert.match(page, new RegExp(`Only ${judged} of ${of} test images`));
  assert.match(page, /&#60;b&#62;\.png cannot be read/);
  assert.is(rowsOf(at('report')), of, 'a row an image, the failed one too');
  mkdirSync(at('report2/images/test/good/000.png.input.png'), { recursive: true });
  const unwritten = await cli.run(1, ...EVALUATE, '--report', at('report2'));
  assert.match(unwritten.stdout, /^image AUROC/);
  assert.match(unwritten.stderr, /DataError: .*000\.png\.input\.png cannot be written/);
});

test('a kill leaves the rows of evaluate that were written', async () => {
  const { process: child, end } = cli.start(...EVALUATE, '--results', at('killed-evaluation'));
  while (rowsOf(at('killed-evaluation')) < 2 && child.exitCode === null) await delay(5);
  child.kill('SIGKILL');
  await end;
  const rows = readFileSync(at('killed-evaluation/results.jsonl'), 'utf8').trim().split('\n').slice(1);
  assert.ok(rows.length >= 1, 'a kill may come between the two files');
  assert.ok(rows.every((row) => Number.isFinite(JSON.parse(row).label)));
});

test('Ctrl-C ends evaluate with what was judged', async () => {
  for (let i = 0; i < 1000; i++) symlinkSync(join(TEST, 'good/000.png'), join(TEST, `good/more-${i}.png`));
  const { process: child, end } = cli.start(...EVALUATE, '--json');
  let said = '';
  child.stderr!.on('data', (text) => (said += text));
  while (!/test images/.test(said) && child.exitCode === null) await delay(10);
  await delay(300); // some images
  child.kill('SIGTERM');
  const { code, stdout, stderr } = await end;
  assert.is(code, 130, stderr);
  const { judged, of, ended, images } = JSON.parse(stdout);
  assert.is(ended, 'stopped');
  assert.ok(judged < of && images.length >= judged);
});

test('errors name the options of the command that change it', async () => {
  const { stderr } = await cli.run(1, 'train', '--data', at('data/parts'), '--out', at('x'), '--max-pixels', '9');
  assert.match(stderr, /^DataError: .*36x36.*\(--max-pixels\)/m);
});

test.run();
