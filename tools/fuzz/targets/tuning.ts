import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../../../src/core/random';
import type { AdapterReport } from '../../../src/gpu/device';
import { readTuning, writeTuning } from '../../../src/node/files/tuning-file';
import { CHOICES } from '../../../src/tuner/choices';
import { mutatedText, mutateJson } from '../json';
import { chance, mutateBytes, pick } from '../mutate';
import { target } from '../target';

const ADAPTER: AdapterReport = {
  ...{ vendor: 'v', architecture: 'a', device: 'd', description: 'x' },
  ...{ software: false, features: [], limits: {} },
};
const KEY = 'v|a|d|x';
const OTHER = 'v|a|d|other';

function valid(random: Random): object {
  const choices = CHOICES.filter(() => chance(random, 2)).map(({ name, options }) => [name, pick(random, options(ADAPTER))]);
  return { [KEY]: Object.fromEntries(choices), [OTHER]: { gone: 'x' } };
}

function checkChoices(choices: ReadonlyMap<string, string>): void {
  for (const [name, option] of choices) {
    const choice = CHOICES.find((known) => known.name === name);
    assert.ok(choice?.options(ADAPTER).includes(option), `the choice of ${option} for ${name}`);
  }
}

export const tuning = target({
  name: 'tuning',
  refusals: [], // a damaged file counts as none
  generate: (random) => {
    const text = new TextEncoder().encode(
      mutatedText(chance(random, 20) ? valid(random) : mutateJson(valid(random), random), random),
    );
    return chance(random, 5) ? mutateBytes(text, random) : text;
  },
  read: async (bytes, { folder }) => {
    process.env.PYRAMIDFLOW_TUNING = join(folder, 'tuning.json');
    await writeFile(process.env.PYRAMIDFLOW_TUNING, bytes);
    return readTuning(ADAPTER);
  },
  check: async (choices, _, { deep }) => {
    checkChoices(choices);
    if (!deep) return; // writing waits for the disk
    const [choice] = CHOICES;
    const wanted = new Map([...choices, [choice.name, choice.options(ADAPTER)[0]]]);
    const file = await writeTuning(ADAPTER, wanted);
    assert.deepEqual(
      new Map([...(await readTuning(ADAPTER))].sort()),
      new Map([...wanted].sort()),
      'what was written is not read',
    );
    const tables: unknown[] = Object.values(JSON.parse(await readFile(file, 'utf8')));
    assert.ok(
      tables.every((table) => typeof table === 'object' && table !== null && !Array.isArray(table)),
      'no table was kept',
    );
  },
});
