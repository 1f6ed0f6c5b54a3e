#!/usr/bin/env node
// Entry point of every npm script. Plain JavaScript without dependencies, because it runs before `npm ci` does.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const MINIMUM_NODE = [20, 9]; // what sharp asks for

const SETUP = ['tools/setup.ts'];
const CLI = ['tools/build.ts', 'node'];

/** What each command runs, in order. The arguments of the command go to the last step. */
const COMMANDS = {
  setup: [[...SETUP, 'browser']],
  build: [['tools/build.ts']],
  check: [['tools/check.ts']],
  format: [['tools/check.ts', '--repair']],
  test: [['tools/test.ts']], // sets up by itself
  golden: [SETUP, ['tools/run.ts', 'tools/golden.ts']],
  size: [['tools/size.ts']],
  docs: [['tools/docs.ts']],
  fuzz: [SETUP, ['tools/run.ts', 'tools/fuzz.ts']],
  bench: [SETUP, ['tools/bench.ts']],
  example: [SETUP, ['tools/example.ts']],
  quickstart: [SETUP, CLI, ['dist/cli.js', 'quickstart']],
  examples: [['tools/build.ts', 'web', 'examples'], ['tools/serve.ts']],
};

const [command, ...args] = process.argv.slice(2);
const steps = COMMANDS[command];
if (!steps) fail(`no command '${command ?? ''}'; use one of ${Object.keys(COMMANDS).join(', ')}`);
requireNode();
installPackages();
steps.forEach((step, i) => runStep(i === steps.length - 1 ? [...step, ...args] : step));

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = MINIMUM_NODE;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  fail(`Node ${process.versions.node} is too old; install Node ${MINIMUM_NODE.join('.')} or newer`);
}

/** No package here needs its install script: sharp, esbuild and webgpu carry their binaries in the package itself. */
function installPackages() {
  const installed = join(ROOT, 'node_modules', '.package-lock.json'); // npm writes it last
  if (existsSync(installed) && modified(installed) >= modified(join(ROOT, 'package-lock.json'))) return;
  console.error('setup: node_modules is missing or older than package-lock.json, running npm ci');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { shell: process.platform === 'win32' });
}

function modified(file) {
  return statSync(file).mtimeMs;
}

function runStep([file, ...rest]) {
  const loader = file.endsWith('.ts') ? ['--import', 'tsx'] : [];
  run(process.execPath, [...loader, file, ...rest], { env: softwareThreads() });
}

/** lavapipe starts one thread per core. On two cores, eight threads were 1.5 times as fast, also for two processes at once. */
function softwareThreads() {
  return { LP_NUM_THREADS: String(Math.max(8, availableParallelism())), ...process.env };
}

function run(program, programArguments, options) {
  const { status, error } = spawnSync(program, programArguments, { cwd: ROOT, stdio: 'inherit', ...options });
  if (error) fail(`${program} did not start (${error.message}); check that it is on the PATH`);
  if (status !== 0) process.exit(status ?? 1);
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}
