import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { temporaryFolder } from './temporary';

export interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly sideEffects: readonly string[];
}

export const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;

/** A project that uses the package: an otherwise empty folder in which it is installed as npm packs it. */
export class Project {
  readonly folder = temporaryFolder();

  /**
   * Builds, packs and installs the package. Its dependencies are links to those of this repository, so that no network is
   * needed; what it does not declare it does not find.
   * @param name of the test file: files that run at the same time share nothing
   */
  constructor(name: string, targets: readonly string[] = []) {
    const source = `build/package-for-${name}`;
    rmSync(source, { recursive: true, force: true });
    succeed(process.execPath, ['--import', 'tsx', 'tools/build.ts', ...targets, '--out', `${source}/dist`]);
    for (const file of ['package.json', 'README.md', 'LICENSE']) copyFileSync(file, join(source, file));
    succeed('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', this.folder], source);
    const [archive] = readdirSync(this.folder);
    mkdirSync(this.path('node_modules/pyramidflow'), { recursive: true });

    succeed('tar', ['-xzf', archive, '-C', 'node_modules/pyramidflow', '--strip-components=1'], this.folder);
    rmSync(this.path(archive));
    for (const dependency of Object.keys(manifest.dependencies)) this.link(dependency);
    mkdirSync(this.path('node_modules/.bin'));
    symlinkSync('../pyramidflow/dist/cli.js', this.path('node_modules/.bin/pyramidflow'));
    this.write('package.json', '{ "type": "module", "private": true }');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string | Uint8Array): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
  }

  /** Gives the project one more package of this repository. */
  link(name: string): void {
    mkdirSync(dirname(this.path(`node_modules/${name}`)), { recursive: true });
    symlinkSync(resolve('node_modules', name), this.path(`node_modules/${name}`), 'junction');
  }

  /** Runs a program in the project, which has to succeed. Returns what it printed. */
  run(program: string, ...args: string[]): string {
    return succeed(program, args, this.folder);
  }
}

function succeed(program: string, args: readonly string[], cwd = '.'): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 120_000 });
  assert.is(status, 0, `${program} ${args.join(' ')}\n${stdout}\n${stderr}\n${error ?? ''}`);
  return stdout;
}
