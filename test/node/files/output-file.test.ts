import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PyramidFlowError } from '../../../src/core/errors';
import { ModelFile, outputFile, refuseExisting } from '../../../src/node/files/output-file';
import { IMAGENET } from '../../../src/ops/preprocess';
import { assertRejects } from '../../support/assert-rejects';
import { buildProgram, startProgram } from '../../support/process';
import { SMALL, trainedTensors } from '../../support/small-weights';
import { temporaryFolder } from '../../support/temporary';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
writeFileSync(at('model'), 'a model');
const checkpoint = { config: SMALL, category: 'c', normalization: IMAGENET, tensors: trainedTensors() };

test('the output is the file that is named, or the one that is resumed', async () => {
  assert.is(await outputFile({ out: at('new/deep/m') }), at('new/deep/m'));
  assert.equal(readdirSync(at('new/deep')), [], 'its folder is made');
  assert.is(await outputFile({ resume: at('model') }), at('model'));
  assert.is(await outputFile({ out: at('m'), resume: at('model') }), at('m'));
});

test('a folder, a device, a path below a file and no path at all are refused', async () => {
  await assertRejects(() => outputFile({}), 'UsageError', /no file/);
  await assertRejects(() => outputFile({ out: root }), 'UsageError', /is a folder/);
  await assertRejects(() => outputFile({ out: `${at('made')}/..` }), 'DataError', /is a folder/);
  await assertRejects(() => outputFile({ resume: root }), 'UsageError', /is a folder/);
  await assertRejects(() => outputFile({ out: '/dev/null' }), 'UsageError', /device/);
  await assertRejects(() => outputFile({ out: at('model/m') }), 'DataError', /cannot be written/);
});

test('a missing file to resume is an error, and no folder is created for it', async () => {
  await assertRejects(() => outputFile({ resume: at('gone/m') }), 'CheckpointError', /no such file/);
  assert.not(readdirSync(root).includes('gone'));
});

test('a file that exists is replaced by force, or where it is the one that is resumed, however it is written', () => {
  assert.throws(() => refuseExisting(at('model'), {}), /exists/);
  assert.throws(() => refuseExisting(at('model'), { resume: at('other') }), /exists/);
  refuseExisting(at('model'), { force: true });
  refuseExisting(at('model'), { resume: relative('.', at('model')) });
  refuseExisting(at('none'), {});
});

test('a model that cannot be written leaves the last one, and says which epoch it is', async () => {
  const program = await buildProgram('output-file', 'test/node/files/output-file.program.ts');
  const { stdout, stderr } = await startProgram(program, [at('grown')], 'ulimit -f 400;').end; // 200 or 400 kB
  const { code, problem, epochs } = JSON.parse(stdout || `"${stderr}"`);
  assert.is(code, 'DataError');
  assert.ok(epochs > 0 && problem.endsWith(`grown still holds epoch ${epochs}`), `${problem}, it holds ${epochs}`);
  assert.not(readdirSync(root).some((name) => name.endsWith('.tmp')));
});

test('the message says so where this training wrote nothing, or the file is gone', async () => {
  const problemOf = async (path: string, before: number) => {
    const error = await new ModelFile(path, before).write(checkpoint, before + 1).catch((cause) => cause);
    assert.instance(error, PyramidFlowError);
    return error.problem;
  };
  assert.match(await problemOf(at('nowhere/m'), 0), /no epoch is kept/);
  assert.match(await problemOf(at('nowhere/m'), 3), /epoch 3 is gone/);
  mkdirSync(at('taken/inside'), { recursive: true });
  assert.match(await problemOf(at('taken'), 0), /as it was before/);
  rmSync(at('taken'), { recursive: true });
});

test.run();
