import { Command } from 'commander';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { optionsFor } from '../../../src/node/cli/setting-options';
import { addTrain } from '../../../src/node/cli/train';
import { addTune } from '../../../src/node/cli/tune';

const program = new Command();
addTrain(program);
addTune(program);
const [train, tune] = program.commands;

test('settings become the options of the command, each once', () => {
  const settings = ['batch', 'height', 'width', 'learningRate', 'maxPixels'];
  assert.equal(optionsFor(settings, train), ['--batch', '--size', '--lr', '--max-pixels']);
});

test('what the command has no option for is left out', () => {
  assert.equal(optionsFor(['batch', 'size'], tune), ['--size']);
  assert.equal(optionsFor(['nothing', 'constructor', 'toString'], train), []);
});

test('every setting option of train has a setting', () => {
  const settings = train.options.map((option) => option.attributeName()).filter((setting) => setting !== 'json');
  const unknown = settings.filter((setting) => optionsFor([setting], train).length === 0);
  assert.equal(unknown, []);
});

test.run();
