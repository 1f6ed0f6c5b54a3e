import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Checkpoint, EpochLog } from '../../checkpoint/checkpoint';
import { formatSize } from '../../image/size';
import { elements } from '../../tensor/tensor';
import { describeNetwork } from '../describe';
import { readCheckpoint } from '../files/checkpoint-file';
import { notice, printResult, table } from './shared';

/** Epochs shown at each end of a longer log. */
const LISTED = 1000;

export function addInfo(program: Command): void {
  program
    .command('info')
    .description('show what a model file holds')
    .argument('<file>', 'model file written by `train`')
    .option('--json', 'print the result as JSON')
    .action(info);
}

async function info(file: string, { json }: { json?: boolean }): Promise<void> {
  const checkpoint = await readCheckpoint(file, notice);
  const { size } = await stat(file);
  const { config, category, normalization, threshold, training, template, checksum } = checkpoint;
  const { optimizer, ...state } = training ?? {};
  const values = valuesIn(checkpoint);
  const result = {
    file,
    bytes: size,
    checksum,
    values,
    category,
    config,
    normalization,
    finished: template !== undefined,
    threshold,
    training: state,
  };
  printResult(json, result, () => describe(file, size, checkpoint));
}

function describe(file: string, bytes: number, checkpoint: Checkpoint): string {
  const { category, config, threshold, training, template, checksum } = checkpoint;
  const { weights, optimizer, templates } = valuesIn(checkpoint);
  const log = training?.log ?? [];
  const settings = Object.entries(training?.settings ?? {}).map(([name, value]) => `${name} ${value}`);
  const facts = table([
    ['file', `${file}, ${bytes} bytes`],
    ['checksum', checksum ? `sha256 ${checksum}, correct` : 'none: the file is of an older version'],
    ['category', category || '-'],
    ['images', formatSize(config)],
    ['network', describeNetwork(config)],
    ['values', `${weights} weights, ${templates} template, ${optimizer} optimizer`],
    ['threshold', threshold === undefined ? '-' : threshold.toPrecision(5)],
    ['state', template ? 'finished' : 'training is not finished: continue with `pyramidflow train --resume`'],
    ['settings', settings.join(', ') || '-'],
  ]);
  if (log.length === 0) return facts;
  return `${facts}\n\n${describeLog(log)}`;
}

/** A line per epoch; of a very long log, only its ends. */
export function describeLog(log: readonly EpochLog[]): string {
  const row = (entry: EpochLog) => [
    String(entry.epoch),
    entry.loss.toPrecision(6),
    entry.gradientNorm.toPrecision(4),
    entry.reconstructionError.toExponential(2),
  ];
  const left = log.length - 2 * LISTED;
  const rows =
    left <= 0
      ? log.map(row)
      : [...log.slice(0, LISTED).map(row), [`... ${left} more, see --json`], ...log.slice(-LISTED).map(row)];
  return table([['epoch', 'loss', 'gradient norm', 'reconstruction error'], ...rows]);
}

/** How many values the file holds, by their purpose. */
function valuesIn({ tensors, template, training }: Checkpoint) {
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
  return {
    weights: sum([...tensors.values()].map(({ shape }) => elements(shape))),
    templates: sum((template ?? []).map(({ length }) => length)),
    optimizer: training
      ? sum([...training.optimizer.first.values(), ...training.optimizer.second.values()].map(({ length }) => length))
      : 0,
  };
}
