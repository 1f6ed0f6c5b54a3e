import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PyramidFlowError } from '../../src/core/errors';
import { bundle, ROOT } from './bundle';
import { files } from './files';

/** Bytes, gzip -9, that inference in a page may take, with all its shaders. */
export const BUDGET = 60 * 1024;

/** Builds what a page loads: dist/web.js and, beside it, the worker that it starts for training. */
export async function bundleWeb(): Promise<void> {
  const page = { platform: 'browser', target: 'es2022', minify: true } as const;
  await bundle(['src/web/index.ts'], { ...page, outfile: 'dist/web.js' });
  await bundle(['src/web/worker.ts'], { ...page, outfile: 'dist/web-worker.js' });
}

/** What has types in the package: each bundle and the file that it is made of. */
const TYPED = { node: 'src/node/index.ts', web: 'src/web/index.ts' } as const;

/** Writes dist/NAME.d.ts for each, and under dist/types what it refers to. Throws UsageError where types do not check. */
export function emitTypes(): void {
  const out = 'dist/types';
  rmSync(join(ROOT, out), { recursive: true, force: true });
  const config = {
    extends: '../tsconfig.json',
    compilerOptions: { noEmit: false, declaration: true, emitDeclarationOnly: true, outDir: `../${out}`, rootDir: '../src' },
    files: [...Object.values(TYPED).map((file) => `../${file}`), 'shaders.d.ts'],
    include: [],
  };
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  writeFileSync(join(ROOT, 'build/types.json'), JSON.stringify(config));
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'build/types.json'], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) throw new PyramidFlowError('UsageError', 'the types could not be written', 'run `npm run check`');
  for (const file of files(out, '.d.ts')) {
    const path = join(ROOT, file);
    writeFileSync(path, withExtensions(readFileSync(path, 'utf8')));
  }
  for (const [name, entry] of Object.entries(TYPED)) {
    const target = entry.replace(/^src\//, './types/').replace(/\.ts$/, '.js');
    writeFileSync(join(ROOT, `dist/${name}.d.ts`), `export * from '${target}';\n`);
  }
}

/** Relative imports named as Node and browsers name modules, so that every way of resolving them finds their types. */
export function withExtensions(declarations: string): string {
  return declarations.replace(/((?:from|import)\s*\(?\s*['"]\.{1,2}\/[^'"]+?)(?:\.js)?(['"])/g, '$1.js$2');
}
