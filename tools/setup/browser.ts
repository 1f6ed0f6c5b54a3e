import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { PyramidFlowError } from '../../src/core/errors';
import type { OsRelease } from './software-vulkan';

/** Variables that name the browser to use; where one is set, no other is tried. */
const VARIABLES = ['PUPPETEER_EXECUTABLE_PATH', 'CHROME_PATH'] as const;

/** Where Chromium and Chrome are, the likeliest first; on Linux their names, which are looked up in PATH. */
const PLACES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['chromium', 'google-chrome-stable', 'google-chrome', 'chromium-browser'],
  darwin: ['Google Chrome', 'Chromium'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`),
  win32: ['C:\\Program Files', 'C:\\Program Files (x86)'].map((at) => `${at}\\Google\\Chrome\\Application\\chrome.exe`),
};

/** The first version with WebGPU. */
const MINIMUM_VERSION = 113;

/** The programs to try, or the one that a variable names. */
export function browserCandidates(
  platform: NodeJS.Platform,
  environment: NodeJS.ProcessEnv,
): { readonly programs: readonly string[]; readonly variable?: string } {
  const variable = VARIABLES.find((name) => environment[name]);
  if (variable) return { programs: [environment[variable]!], variable };
  const places = PLACES[platform] ?? [];
  if (platform !== 'linux') return { programs: places };
  const folders = (environment.PATH ?? '').split(':').filter(Boolean);
  return { programs: places.flatMap((name) => folders.map((folder) => `${folder}/${name}`)) };
}

/** Why the output of `--version` is not from a browser that can be used; undefined where it is. */
export function browserFault(answer: string): string | undefined {
  const [name, version] = /(?:Chromium|Google Chrome)[^\d\n]* (\d+)\.\d/.exec(answer) ?? [];
  if (!name) return `its --version is not Chromium's: '${answer.trim().split('\n')[0].slice(0, 80)}'`;
  return Number(version) >= MINIMUM_VERSION ? undefined : `it is ${name}, ${MINIMUM_VERSION} or newer is needed`;
}

/** Why apt's `chromium` cannot be used here: Ubuntu's is a stub that asks for a snap. Undefined where it can. */
export function aptFault(os: OsRelease, candidate: string | undefined): string | undefined {
  if (!candidate) return `${os.name} offers no chromium by apt`;
  return /snap/.test(candidate) ? `the chromium of ${os.name} (${candidate}) is only a stub for a snap` : undefined;
}

/** The browser to drive, or why there is none, what to do, and whether a variable chose it. */
export type Search =
  | { readonly program: string }
  | { readonly problem: string; readonly remedy: string; readonly chosen: boolean };

/** The first that runs. */
export function searchBrowser(): Search {
  const { programs, variable } = browserCandidates(process.platform, process.env);
  const faults: string[] = [];
  for (const program of variable ? programs : programs.filter((path) => existsSync(path))) {
    const fault = faultOf(program);
    if (fault === undefined) return { program };
    faults.push(`${program}: ${fault}`);
  }
  if (variable) {
    const remedy = 'unset it or name a Chromium or Chrome that works';
    return { problem: `${variable} names ${faults[0]}`, remedy, chosen: true };
  }
  const problem = `no Chromium or Chrome was found${faults.length ? ` (${faults.join('; ')})` : ''}`;
  return { problem, remedy: `install one, or name it in ${VARIABLES[0]}`, chosen: false };
}

/** The browser that the tests drive. Throws UsageError that says what was tried and what to do. */
export function findBrowser(): string {
  const found = searchBrowser();
  if ('program' in found) return found.program;
  throw new PyramidFlowError('UsageError', found.problem, found.remedy);
}

/** A program has to run, not only exist; but on Windows `--version` would open a window. */
function faultOf(program: string): string | undefined {
  if (!existsSync(program)) return 'the file does not exist';
  if (process.platform === 'win32') return undefined;
  const { error, status, stdout, stderr } = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  if (error) return error.message;
  return status === 0 ? browserFault(stdout) : `it ends with ${status}: ${stderr.trim().split('\n').pop()}`;
}
