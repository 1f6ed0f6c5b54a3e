import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { partsDataset } from '../../../src/demo/parts';
import { writePng } from '../../../src/node/files/image-file';
import { temporaryFolder } from '../../support/temporary';

const built = spawnSync(process.execPath, ['--import', 'tsx', 'tools/build.ts', 'node'], { encoding: 'utf8' });
assert.is(built.status, 0, built.stderr);

const root = temporaryFolder();
const at = (name: string) => join(root, name);

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(...args: string[]): { process: ChildProcess; end: Promise<Run> } {
  const child = spawn(process.execPath, ['dist/cli.js', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  const end = new Promise<Run>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
  return { process: child, end };
}

/** Runs a command to its end and checks its exit code. */
async function run(code: number, ...args: string[]): Promise<Run> {
  const result = await start(...args).end;
  assert.is(result.code, code, `${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
  return result;
}

const COMMANDS = ['train', 'evaluate', 'detect', 'info', 'doctor', 'quickstart'];

test('every command has help and JSON', async () => {
  const all = await run(0, '--help');
  for (const command of COMMANDS) {
    const { stdout, stderr } = await run(0, command, '--help');
    assert.match(stdout, new RegExp(`Usage: pyramidflow ${command}[^]*--json`));
    assert.is(stderr, '');
    assert.ok(all.stdout.includes(command));
  }
});

const MISUSES: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [[], /Usage/],
  [['fly'], /unknown command 'fly'/],
  [['train'], /--data/],
  [['train', '--data', root], /UsageError: no file for the model was named/],
  [['train', '--data', root, '--out', 'x', '--epochs', '0'], /--epochs.*Give a whole number of at least 1/],
  [['train', '--data', root, '--out', 'x', '--levels', '9'], /--levels.*from 2 to 8/],
  [['train', '--data', root, '--out', 'x', '--norm', 'XVN'], /--norm.*CVN, SVN/],
  [['train', '--data', root, '--out', 'x', '--lr', '-1'], /--lr.*above 0/],
  [['train', '--data', root, '--out', 'x', '--size', 'big'], /UsageError: size big is not understood/],
  [['detect', '--model', 'x', '--out', 'y'], /missing required argument/],
  [['info', 'a', 'b'], /too many arguments/],
];

for (const [args, message] of MISUSES) {
  test(`misused: ${args.map((arg) => arg.replace(root, 'DIR')).join(' ')}`, async () => {
    const { stdout, stderr } = await run(2, ...args);
    assert.match(stderr, message);
    assert.is(stdout, '');
  });
}

writeFileSync(at('damaged'), 'not a model');
const FAILURES: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [['info', at('missing')], /^CheckpointError: .*missing cannot be read: no such file/],
  [['info', at('damaged')], /^CheckpointError: .*damaged: /],
  [['evaluate', '--model', at('damaged'), '--data', root], /^CheckpointError/],
  [['train', '--data', at('nothing'), '--out', at('x')], /^DataError: .*nothing is not a folder/],
  [['train', '--data', root, '--out', at('damaged/x')], /^DataError: .*cannot be written/],
];

for (const [args, message] of FAILURES) {
  test(`failed: ${args.map((arg) => arg.replace(root, 'DIR')).join(' ')}`, async () => {
    const { stdout, stderr } = await run(1, ...args);
    assert.match(lastLine(stderr), message);
    assert.not.match(stderr, /\n {4}at (?!CheckVk)/, 'no stack trace');
    assert.is(stdout, '');
  });
}

const lastLine = (text: string) => text.trim().split('\n').at(-1)!;

const SMALL = ['--data', at('data'), '--category', 'parts'];
const NETWORK = ['--size', '32', '--channels', '4', '--levels', '3', '--stacks', '1', '--kernel', '3'];
const model = (name: string) => readFileSync(at(`${name}.safetensors`));
const train = (code: number, name: string, ...more: string[]) =>
  run(code, 'train', ...SMALL, '--out', at(`${name}.safetensors`), ...more);

test('the same training twice gives the same bytes, and so does one stopped and resumed', async () => {
  for (const file of partsDataset({ size: 36, train: 7, good: 2, perDefect: 1, seed: 1 }))
    await writePng(at(`data/${file.path}`), file);
  const { stdout } = await train(0, 'a', ...NETWORK, '--epochs', '2', '--json');
  const result = JSON.parse(stdout);
  assert.equal([result.category, result.config.height, result.settings.epochs, result.log.length], ['parts', 32, 2, 2]);
  assert.ok(result.threshold > 0);
  await train(0, 'b', ...NETWORK, '--epochs', '2');
  assert.ok(model('a').equals(model('b')), 'twice');
  await train(0, 'c', ...NETWORK, '--epochs', '1');
  assert.not(model('a').equals(model('c')));
  await run(0, 'train', ...SMALL, '--resume', at('c.safetensors'), '--epochs', '2');
  assert.ok(model('a').equals(model('c')), 'resumed');
});

test('a model is not overwritten by accident, nor resumed with other settings', async () => {
  const before = model('a');
  assert.match((await train(2, 'a', ...NETWORK)).stderr, /UsageError: .*a\.safetensors exists/);
  const contradiction = await run(2, 'train', ...SMALL, '--resume', at('a.safetensors'), '--levels', '2');
  assert.match(contradiction.stderr, /UsageError: levels 2 contradicts .*a\.safetensors, which has 3/);
  assert.ok(model('a').equals(before));
});

test('evaluate measures, as a table, as JSON in a file and as a report', async () => {
  const options = ['--model', at('a.safetensors'), ...SMALL, '--json', at('metrics.json'), '--report', at('report')];
  const { stdout } = await run(0, 'evaluate', ...options);
  assert.match(stdout, /^image AUROC +[01]\.\d{4}\npixel AUROC +[01]\.\d{4}\n/);
  const json = JSON.parse(readFileSync(at('metrics.json'), 'utf8'));
  for (const metric of ['imageAuroc', 'pixelAuroc', 'pixelAp', 'aupro30', 'aupro5', 'aupro100']) {
    assert.ok(json[metric] >= 0 && json[metric] <= 1, `${metric} ${json[metric]}`);
  }
  assert.ok(json.msPerImage > 0);
  assert.is(json.images.length, 5);
  assert.match(readFileSync(at('report/index.html'), 'utf8'), /test\/scratch\/000\.png/);
});

test('detect writes heat maps, overlays and tables on one scale; a broken image is a row', async () => {
  writeFileSync(at('data/parts/test/broken.png'), 'not an image');
  const { stdout, stderr } = await run(
    1,
    'detect',
    '--model',
    at('a.safetensors'),
    '--out',
    at('found'),
    at('data/parts/test'),
    '--json',
  );
  const { images, scale, threshold } = JSON.parse(stdout);
  assert.equal(scale, [0, 2 * threshold]);
  assert.is(images.length, 6);
  assert.match(stderr, /broken\.png cannot be read/);
  for (const image of images) {
    if (image.path.endsWith('broken.png')) assert.match(image.error, /cannot be read/);
    else {
      assert.ok(existsSync(join(at('found'), image.heatMap)) && existsSync(join(at('found'), image.overlay)), image.path);
      assert.is(image.verdict, image.score > threshold ? 'defective' : 'good');
    }
  }
  assert.ok(existsSync(at('found/scratch/000.heat.png')));
  assert.equal(foundRows(), images);
  const csv = readFileSync(at('found/results.csv'), 'utf8').trimEnd().split('\r\n');
  assert.is(csv[0], 'path,score,verdict,heatMap,overlay,decodeMs,uploadMs,networkMs,readMs,error');
  assert.is(csv.length, 7);
});

/** The images of results.jsonl: its first line is a header. */
function foundRows(): { path: string; score?: number; verdict?: string }[] {
  const lines = readFileSync(at('found/results.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.slice(1).map((line) => JSON.parse(line));
}

test('the library finds the same as the command line, in three lines', () => {
  const image = at('data/parts/test/scratch/000.png');
  const program = `
    import { loadDetector, readImage } from './dist/node.js';
    const detector = await loadDetector(${JSON.stringify(at('a.safetensors'))});
    const { map, score, verdict } = await detector.detect(await readImage(${JSON.stringify(image)}));
    console.log(JSON.stringify({ pixels: map.length, score, verdict }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  const { score, verdict } = foundRows().find(({ path }) => path === image)!;
  assert.equal(JSON.parse(stdout || `"${stderr}"`), { pixels: 32 * 32, score, verdict });
});

test('info says what a model holds', async () => {
  const json = JSON.parse((await run(0, 'info', at('a.safetensors'), '--json')).stdout);
  assert.equal([json.bytes, json.finished, json.config.levels], [model('a').length, true, 3]);
  assert.equal(
    json.training.log.map(({ epoch }: { epoch: number }) => epoch),
    [1, 2],
  );
  assert.match((await run(0, 'info', at('a.safetensors'))).stdout, /images +32x32/);
});

test('Ctrl-C keeps the last finished epoch, which can be resumed', async () => {
  const { process: child, end } = start(
    'train',
    ...SMALL,
    ...NETWORK,
    '--epochs',
    '100000',
    '--out',
    at('stopped.safetensors'),
  );
  while (!existsSync(at('stopped.safetensors')) && child.exitCode === null) await delay(20);
  child.kill('SIGINT');
  const { code, stdout, stderr } = await end;
  assert.is(code, 130, stderr);
  assert.is(stdout, '');
  assert.match(stderr, /stopped: .*stopped\.safetensors keeps epoch \d+; continue with\n.*--resume/);
  const { training, finished } = JSON.parse((await run(0, 'info', at('stopped.safetensors'), '--json')).stdout);
  assert.not(finished);
  const unfinished = await run(1, 'evaluate', '--model', at('stopped.safetensors'), ...SMALL);
  assert.match(unfinished.stderr, /CheckpointError: .*template/);
  const epochs = String(training.log.length + 1);
  await run(0, 'train', ...SMALL, '--resume', at('stopped.safetensors'), '--epochs', epochs);
  assert.ok(JSON.parse((await run(0, 'info', at('stopped.safetensors'), '--json')).stdout).finished);
});

test('doctor tests every kernel on this adapter', async () => {
  const { adapter, selfTest, healthy } = JSON.parse((await run(0, 'doctor', '--json')).stdout);
  assert.ok(healthy && adapter.limits.maxBufferSize > 0);
  assert.ok(selfTest.length > 15 && selfTest.every(({ passed }: { passed: boolean }) => passed));
});

test.run();
