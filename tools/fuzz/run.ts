import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PyramidFlowError } from '../../src/core/errors';
import { type Finding, type RunOptions, runTarget, type Tally } from './lane';
import { randomFor, type Target } from './target';
import { work } from './worker';

const SHOWN = 3; // findings of one place

const OPTIONS = {
  seconds: { type: 'string' },
  iterations: { type: 'string' },
  iteration: { type: 'string' },
  seed: { type: 'string' },
  only: { type: 'string' },
  patience: { type: 'string', default: '30' },
  input: { type: 'string' },
  findings: { type: 'string', default: 'fuzz-findings' }, // git ignores this folder
} as const;

/**
 * Reads damaged inputs, of each target as many as the time or `--iterations` allows, and prints what was found. The same
 * seed gives the same inputs. Sets exit status 1 where anything was found.
 */
export async function fuzz(targets: readonly Target[], args: readonly string[]): Promise<void> {
  if (args[0] === 'worker') return work(targets, JSON.parse(args[1]));
  const { values } = parse(args);
  const chosen = choose(targets, values.only);
  if (values.input !== undefined) return replay(chosen, values.input);
  const seed = wholeNumber(values.seed ?? String(Date.now() % 2 ** 31), 'seed');
  const first = values.iteration === undefined ? 0 : wholeNumber(values.iteration, 'iteration');
  const count = values.iterations === undefined ? Infinity : wholeNumber(values.iterations, 'iterations');
  const last = values.iteration === undefined ? Math.min(count, Number.MAX_SAFE_INTEGER) : first + 1;
  const seconds = wholeNumber(values.seconds ?? (count === Infinity ? '60' : '86400'), 'seconds');
  const lanes = Math.min(2, availableParallelism(), chosen.length);
  console.log(`fuzz: seed ${seed}, ${chosen.map(({ name }) => name).join(', ')}`);
  const findings = new Findings(seed, values.findings);
  const options: RunOptions = {
    ...{ seed, first, last, patience: wholeNumber(values.patience, 'patience') },
    seconds: seconds / Math.ceil(chosen.length / lanes),
    found: (target, finding) => findings.add(target, finding),
  };
  const tallies = new Map<string, Tally>();
  const queue = [...chosen];
  const lane = async () => {
    for (let target = queue.shift(); target; target = queue.shift())
      tallies.set(target.name, await runTarget(target, options));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  summarise(chosen.map(({ name }) => [name, tallies.get(name)!]));
}

/** Shows findings and writes their inputs to a folder: the first of each place in the code. */
class Findings {
  private readonly counts = new Map<string, number>();

  constructor(
    private readonly seed: number,
    private readonly folder: string,
  ) {}

  async add(target: Target, { iteration, problem }: Finding): Promise<void> {
    const place = `${target.name} ${/ at .*$/.exec(problem)?.[0] ?? problem.replace(/\d+/g, '#')}`;
    const count = (this.counts.get(place) ?? 0) + 1;
    this.counts.set(place, count);
    if (count > SHOWN) return;
    const file = join(this.folder, `${target.name}-${this.seed}-${iteration}.bin`);
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(file, await target.input(randomFor(target.name, this.seed, iteration)));
    console.log(`FINDING ${target.name}, seed ${this.seed}, iteration ${iteration}: ${printable(problem)}`);
    console.log(`  ${file}; again: npm run fuzz -- --only ${target.name} --seed ${this.seed} --iteration ${iteration}`);
  }
}

/** Judges one file in this process. */
async function replay(targets: readonly Target[], file: string): Promise<void> {
  if (targets.length !== 1) throw new PyramidFlowError('UsageError', '--input needs one target', 'name it with --only');
  const folder = mkdtempSync(join(tmpdir(), 'pyramidflow-fuzz-'));
  try {
    console.log(await targets[0].judge(new Uint8Array(readFileSync(file)), { folder, deep: true }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function summarise(tallies: readonly (readonly [name: string, tally: Tally])[]): void {
  const total = { inputs: 0, findings: 0 };
  for (const [name, { inputs, accepted, refused, findings, seconds }] of tallies) {
    total.inputs += inputs;
    total.findings += findings;
    const counts = `${inputs} inputs, ${accepted} accepted, ${refused} refused, ${findings} findings`;
    console.log(`${name.padEnd(8)} ${counts} (${(inputs / seconds).toFixed(0)}/s)`);
  }
  console.log(`${total.inputs} inputs, ${total.findings} findings`);
  if (total.findings > 0 || total.inputs === 0) process.exitCode = 1;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS });
  } catch (cause) {
    const options = Object.keys(OPTIONS).map((name) => `--${name}`);
    throw new PyramidFlowError('UsageError', (cause as Error).message, `use ${options.join(', ')}`, { cause });
  }
}

function choose(targets: readonly Target[], only: string | undefined): Target[] {
  const names = only?.split(',') ?? targets.map(({ name }) => name);
  return names.map((name) => {
    const found = targets.find((target) => target.name === name);
    if (found) return found;
    const known = targets.map((target) => target.name).join(', ');
    throw new PyramidFlowError('UsageError', `no target '${name}'`, `name some of ${known}`);
  });
}

function wholeNumber(text: string, option: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new PyramidFlowError('UsageError', `--${option} '${text}' is not a whole number`, 'give a whole number');
}

/** Findings contain parts of hostile files, which must not control a terminal. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').replace(/(\S{100})\S+/g, '$1...');
