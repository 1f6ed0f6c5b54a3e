import type { Command } from 'commander';

/** Options of the command line, by the names of the same settings in the core and the API. */
const OPTIONS: Readonly<Record<string, string>> = {
  size: '--size',
  height: '--size',
  width: '--size',
  batch: '--batch',
  epochs: '--epochs',
  lr: '--lr',
  learningRate: '--lr',
  seed: '--seed',
  channels: '--channels',
  levels: '--levels',
  stacks: '--stacks',
  kernel: '--kernel',
  norm: '--norm',
  augmentation: '--augmentation',
  memory: '--memory',
  maxPixels: '--max-pixels',
  workspace: '--workspace',
  scale: '--scale',
  results: '--results',
  data: '--data',
  category: '--category',
  model: '--model',
  out: '--out',
  resume: '--resume',
  force: '--force',
  dataChanged: '--data-changed',
};

/** The options of a command for settings, each once. Settings without an option are left out. */
export function optionsFor(settings: readonly string[], command: Command): string[] {
  const known = new Set(command.options.map(({ long }) => long));
  const options = settings.flatMap((setting) => (Object.hasOwn(OPTIONS, setting) ? [OPTIONS[setting]!] : []));
  return [...new Set(options)].filter((option) => known.has(option));
}
