import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PyramidFlowError } from '../../src/core/errors';
import { ROOT } from './bundle';
import { files } from './files';

/** What has types in the package: each bundle and the file that it is made of. */
const TYPED = {
  node: 'src/node/index.ts',
  web: 'src/web/index.ts',
  flow: 'src/node/flow.ts', // of a page too: both entries have the same names and types
  esbuild: 'src/node/wgsl/index.ts',
} as const;

/** What the plugin for esbuild makes of a file. */
const SHADER = `declare module '*.wgsl' {
  const kernel: import('./types/gpu/kernel.js').KernelSource;
  export default kernel;
}
`;

/**
 * TypeScript's libraries that the declarations need, whatever `lib` their user has: `dom` has WebGPU's types. Not
 * @webgpu/types, which declares them again and cannot be checked together with `dom`.
 */
const LIBRARIES = ['dom', 'esnext.disposable'];
const REFERENCES = LIBRARIES.map((library) => `/// <reference lib="${library}" />\n`).join('');

/** Writes OUT/NAME.d.ts for each, and under OUT/types what it refers to. Throws UsageError where types do not check. */
export function emitTypes(out: string): void {
  const types = `${out}/types`;
  rmSync(join(ROOT, types), { recursive: true, force: true });
  compile(types);
  for (const file of files(types, '.d.ts')) {
    const path = join(ROOT, file);
    writeFileSync(path, withExtensions(readFileSync(path, 'utf8')));
  }
  for (const [name, entry] of Object.entries(TYPED)) {
    const target = entry.replace(/^src\//, './types/').replace(/\.ts$/, '.js');
    writeFileSync(join(ROOT, out, `${name}.d.ts`), `${REFERENCES}export * from '${target}';\n`);
  }
  writeFileSync(join(ROOT, out, 'web-worker.d.ts'), 'export {};\n'); // a worker exports nothing
  writeFileSync(join(ROOT, out, 'wgsl.d.ts'), SHADER);
}

function compile(outDir: string): void {
  const folder = join(ROOT, outDir); // which holds its own configuration meanwhile: two builds may run at a time
  const fromHere = (path: string) => relative(folder, join(ROOT, path)).replaceAll('\\', '/');
  const config = {
    extends: fromHere('tsconfig.json'),
    compilerOptions: {
      ...{ noEmit: false, declaration: true, emitDeclarationOnly: true },
      ...{ outDir: '.', rootDir: fromHere('src') },
    },
    files: [...Object.values(TYPED), 'build/shaders.d.ts'].map(fromHere),
    include: [],
  };
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'tsconfig.json');
  writeFileSync(file, JSON.stringify(config));
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', file], { cwd: ROOT, stdio: 'inherit' });
  rmSync(file);
  if (status !== 0) throw new PyramidFlowError('UsageError', 'the types could not be written', 'run `npm run check`');
}

/** Relative imports named as Node and browsers name modules, so that every way of resolving them finds their types. */
export function withExtensions(declarations: string): string {
  return declarations.replace(/((?:from|import)\s*\(?\s*['"]\.{1,2}\/[^'"]+?)(?:\.js)?(['"])/g, '$1.js$2');
}
