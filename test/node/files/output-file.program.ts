import type { Checkpoint } from '../../../src/checkpoint/checkpoint';
import type { PyramidFlowError } from '../../../src/core/errors';
import { readCheckpoint } from '../../../src/node/files/checkpoint-file';
import { ModelFile } from '../../../src/node/files/output-file';
import { IMAGENET } from '../../../src/ops/preprocess';
import { SMALL, trainedTensors } from '../../support/small-weights';

// Writes a model that grows from epoch to epoch until this fails. Prints the error, and how many images the file lists.

const [path] = process.argv.slice(2);
const model = new ModelFile(path, 0);
const grown = (epoch: number): Checkpoint => ({
  config: SMALL,
  category: 'grown',
  normalization: IMAGENET,
  tensors: trainedTensors(),
  manifest: Array.from({ length: 300 * epoch }, (_, i) => ({ name: `${i}.png`, bytes: 1, sha256: 'a'.repeat(64) })),
});

for (let epoch = 1; epoch <= 100; epoch++) {
  const error = await model.write(grown(epoch), epoch).catch((cause: PyramidFlowError) => cause);
  if (!error) continue;
  const epochs = (await readCheckpoint(path)).manifest!.length / 300;
  console.log(JSON.stringify({ code: error.code, problem: error.problem, epochs }));
  break;
}
