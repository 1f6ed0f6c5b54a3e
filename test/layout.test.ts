import { readFileSync, readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const CHAIN = ['gpu', 'tensor', 'ops', 'tape', 'flow', 'model', 'train'];
const ASIDE = ['data', 'metrics'];
const PLATFORMS = ['node', 'web'];
const below = (part: string) => CHAIN.slice(0, CHAIN.indexOf(part));

/** The folders of src/ and those each may import, beside itself and the base: the files right in src/. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  ...Object.fromEntries(CHAIN.map((part) => [part, below(part)])),
  model: [...below('model'), ...ASIDE],
  train: [...below('train'), ...ASIDE],
  ...Object.fromEntries(ASIDE.map((part) => [part, ASIDE])),
  selftest: [...CHAIN, ...ASIDE],
  tuner: [...CHAIN, ...ASIDE, 'selftest'],
  ...Object.fromEntries(PLATFORMS.map((part) => [part, [...CHAIN, ...ASIDE, 'selftest', 'tuner']])),
};

/** Globals that only Node or only a page has. WebGPU, TextDecoder and performance are in both. */
const PLATFORM_GLOBALS = [
  ...['process', 'Buffer', 'require', '__dirname', '__filename', 'setImmediate'],
  ...['window', 'document', 'navigator', 'localStorage', 'fetch', 'requestAnimationFrame', 'createImageBitmap'],
  ...['Image', 'ImageBitmap', 'ImageData', 'OffscreenCanvas', 'HTMLCanvasElement', 'HTMLImageElement'],
];
const MAX_LINES = 250;

/** The part of the house a path such as src/ops/blur.ts lies in; undefined outside src/. */
function partOf(path: string): string | undefined {
  const [, part, rest] = /^src\/([^/]+)(\/.+)?$/.exec(path) ?? [];
  return rest === undefined && part !== undefined ? 'base' : part;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
}

function importsOf(code: string): string[] {
  return Array.from(code.matchAll(/\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g), ([, target]) => target);
}

/** What an import breaks, or undefined. */
function importFault(file: string, target: string): string | undefined {
  const part = partOf(file)!;
  if (!target.startsWith('.')) {
    return PLATFORMS.includes(part) ? undefined : `imports ${target}; only src/node and src/web import packages`;
  }
  const path = posix.join(posix.dirname(file), target);
  if (/^shaders\/(?:render\/)?[^/]+\.wgsl$/.test(path)) return undefined;
  const other = partOf(path);
  if (other === undefined) return `imports ${path}, which is outside src/ and shaders/`;
  if (other === 'base' || other === part || MAY_IMPORT[part]?.includes(other)) return undefined;
  return `imports ${path}; ${part} may import ${MAY_IMPORT[part]?.join(', ') || 'nothing'}`;
}

/** Platform globals a file uses: the name is no property or key, and the file does not declare it. */
function platformGlobals(code: string): string[] {
  const text = code.replace(/'(?:\\.|[^'\\\n])*'/g, "''");
  return PLATFORM_GLOBALS.filter((name) => {
    const used = new RegExp(String.raw`(?<![.\w$])${name}(?![\w$]|\s*\??:)`).test(text);
    return used && !new RegExp(String.raw`\b(?:const|let|function|class|interface)\s+${name}\b|\(${name}\b`).test(text);
  });
}

/** Every way in which a file of src/ breaks the layout. */
function faults(file: string, text: string): string[] {
  const code = withoutComments(text);
  const part = partOf(file)!;
  const lines = text.trimEnd().split('\n').length;
  return [
    ...(part in MAY_IMPORT ? [] : [`lies in src/${part}, which the layout does not know`]),
    ...importsOf(code).flatMap((target) => importFault(file, target) ?? []),
    ...(PLATFORMS.includes(part) ? [] : platformGlobals(code).map((name) => `uses ${name}, a global of one platform`)),
    ...(lines > MAX_LINES ? [`has ${lines} lines; ${MAX_LINES} are allowed`] : []),
  ].map((fault) => `${file} ${fault}`);
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((name) => `src/${name.replaceAll('\\', '/')}`)
  .filter((name) => name.endsWith('.ts'));

test('every file of src/ keeps to the layout', () => {
  assert.ok(files.length > 20, `only ${files.length} files were found; run this from the root`);
  assert.equal(
    files.flatMap((file) => faults(file, readFileSync(file, 'utf8'))),
    [],
  );
});

const BREACHES: readonly (readonly [file: string, text: string, fault: RegExp])[] = [
  ['src/gpu/a.ts', `import { b } from '../tensor/b';`, /gpu may import nothing/],
  ['src/tape/a.ts', `import type { B } from '../flow/b';`, /tape may import gpu, tensor, ops/],
  ['src/ops/a.ts', `export * from '../tape/b';`, /imports src\/tape\/b/],
  ['src/metrics/a.ts', `import { b } from '../ops/b';`, /metrics may import data, metrics/],
  ['src/ops/a.ts', `import { b } from '../data/b';`, /imports src\/data\/b/],
  ['src/errors.ts', `import { b } from './gpu/b';`, /base may import nothing/],
  ['src/node/a.ts', `import { b } from '../web/b';`, /imports src\/web\/b/],
  ['src/web/a.ts', `const b = await import('../node/b');`, /imports src\/node\/b/],
  ['src/web/a.ts', `import { b } from '../../tools/b';`, /outside src/],
  ['src/data/a.ts', `import {\n  readFileSync,\n} from 'node:fs';`, /imports node:fs/],
  ['src/train/a.ts', `import 'cli-progress';`, /imports cli-progress/],
  ['src/model/a.ts', 'export const a = process.env.A;', /uses process/],
  ['src/data/a.ts', 'export const a = (b: ImageData) => b;', /uses ImageData/],
  ['src/data/a.ts', 'export const a = await fetch(url);', /uses fetch/],
  ['src/odd/a.ts', '', /does not know/],
  ['src/ops/a.ts', 'let a;\n'.repeat(MAX_LINES + 1), /251 lines/],
];

for (const [file, text, fault] of BREACHES) {
  test(`${file} may not: ${text.slice(0, 50).trim()}`, () => {
    const found = faults(file, text);
    assert.is(found.length, 1, found.join('\n'));
    assert.match(found[0], fault);
  });
}

const ALLOWED: readonly (readonly [file: string, text: string])[] = [
  ['src/train/a.ts', `import { b } from '../gpu/b';\nimport { c } from '../metrics/c';`],
  ['src/ops/a.ts', `import kernel from '../../shaders/blur.wgsl';\nimport { b } from './b';`],
  ['src/node/a.ts', `import { readFileSync } from 'node:fs';\nimport sharp from 'sharp';\nprocess.exit(1);`],
  ['src/metrics/a.ts', `// of one process: import { b } from '../ops/b'\nconst window = [1];\nwindow.map((x) => x);`],
  ['src/data/a.ts', `import { b } from '../metrics/b';\nexport const a = { fetch: b.fetch, url: 'document' };`],
  ['src/ops/a.ts', 'let a;\n'.repeat(MAX_LINES)],
];

for (const [file, text] of ALLOWED) {
  test(`${file} may: ${text.slice(0, 50).trim()}`, () => assert.equal(faults(file, text), []));
}

test.run();
