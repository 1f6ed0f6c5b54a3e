import { spawnSync } from 'node:child_process';

/** Output of a program, or '' where it fails or does not exist. */
export function output(program: string, args: readonly string[]): string {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout : '';
}

/** Whether this process may act as root without asking for a password. */
export function canBeRoot(): boolean {
  return isRoot() || spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
}

/** Runs a program as root, only its errors to be seen; false where it fails. `input` goes to its standard input. */
export function asRoot(program: string, args: readonly string[], input?: string): boolean {
  const [first, ...rest] = [...(isRoot() ? [] : ['sudo', '-n']), program, ...args];
  return spawnSync(first, rest, { input, stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 2] }).status === 0;
}

const isRoot = () => process.getuid?.() === 0;
