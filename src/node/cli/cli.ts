#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { Command, CommanderError } from 'commander';
import { PyramidFlowError } from '../../core/errors';
import { addDetect } from './detect';
import { addDoctor } from './doctor';
import { addEvaluate } from './evaluate';
import { addInfo } from './info';
import { addQuickstart } from './quickstart';
import { optionsFor } from './setting-options';
import { EXIT } from './shared';
import { printable, printableLines, watchOutput } from './terminal';
import { addTrain } from './train';
import { addTune } from './tune';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

let running: Command | undefined;
const program = new Command('pyramidflow')
  .description('Finds defects in images after training on good images alone, on the GPU (PyramidFlow, CVPR 2023).')
  .version(version)
  .showHelpAfterError('(see --help)')
  .configureOutput({ writeErr: (text) => process.stderr.write(printableLines(text)) })
  .hook('preAction', (_, command) => void (running = command))
  .exitOverride();
for (const add of [addTrain, addEvaluate, addDetect, addInfo, addDoctor, addTune, addQuickstart]) add(program);

watchOutput((error) => (process.exitCode = report(error)));
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Prints an error, without a stack trace if the user can do something about it. Returns the exit code. */
function report(error: unknown): number {
  // Commander has printed its message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.misused;
  if (!(error instanceof PyramidFlowError)) {
    console.error(`this should not happen; please report it: ${printableLines(inspect(error))}`);
    return EXIT.failed;
  }
  const options = running ? optionsFor(error.details?.settings ?? [], running) : [];
  const hint = options.length ? ` (${options.join(', ')})` : '';
  console.error(printable(`${error.code}: ${error.message}${hint}`));
  return error.code === 'UsageError' ? EXIT.misused : EXIT.failed;
}
