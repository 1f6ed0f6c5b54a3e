import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** The folders of src/, each of which may import those before it. */
const LAYERS = [
  ...['core', 'gpu', 'tensor', 'ops', 'autograd', 'flow'], // the framework
  'pyramidflow', // the method
  ...['image', 'checkpoint', 'metrics', 'inspection', 'dataset', 'demo', 'training', 'selftest', 'tuner'], // the product
];
/** On top of all of them; neither may import the other. */
const PLATFORMS = ['node', 'web'];
const mayImport = (part: string): readonly string[] =>
  PLATFORMS.includes(part) ? LAYERS : LAYERS.slice(0, LAYERS.indexOf(part));

/** Globals that only Node or only a page has. WebGPU, TextDecoder and performance are in both. */
const PLATFORM_GLOBALS = [
  ...['process', 'Buffer', 'require', '__dirname', '__filename', 'setImmediate'],
  ...['window', 'document', 'navigator', 'localStorage', 'fetch', 'requestAnimationFrame', 'createImageBitmap'],
  ...['Image', 'ImageBitmap', 'ImageData', 'OffscreenCanvas', 'HTMLCanvasElement', 'HTMLImageElement'],
];

/** The folder of src/ that a path such as src/ops/blur.ts lies in; undefined outside src/. */
const partOf = (path: string): string | undefined => /^src\/([^/]+)/.exec(path)?.[1];

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
  if (/^shaders\/[^/]+\/[^/]+\.wgsl$/.test(path)) return undefined;
  const other = partOf(path);
  if (other === undefined) return `imports ${path}, which is outside src/ and shaders/`;
  if (other === part || mayImport(part).includes(other)) return undefined;
  return `imports ${path}; ${part} may import ${mayImport(part).join(', ') || 'nothing'}`;
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
  return [
    ...([...LAYERS, ...PLATFORMS].includes(part) ? [] : [`lies in src/${part}, which the layout does not know`]),
    ...importsOf(code).flatMap((target) => importFault(file, target) ?? []),
    ...(PLATFORMS.includes(part) ? [] : platformGlobals(code).map((name) => `uses ${name}, a global of one platform`)),
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
  ['src/gpu/a.ts', `import { b } from '../tensor/b';`, /gpu may import core/],
  ['src/autograd/a.ts', `import type { B } from '../flow/b';`, /autograd may import core, gpu, tensor, ops/],
  ['src/ops/a.ts', `export * from '../autograd/b';`, /imports src\/autograd\/b/],
  ['src/flow/a.ts', `import { b } from '../pyramidflow/b';`, /imports src\/pyramidflow\/b/],
  ['src/pyramidflow/a.ts', `import { b } from '../inspection/b';`, /imports src\/inspection\/b/],
  ['src/checkpoint/a.ts', `import { b } from '../training/b';`, /imports src\/training\/b/],
  ['src/core/errors.ts', `import { b } from '../gpu/b';`, /core may import nothing/],
  ['src/node/cli/a.ts', `import { b } from '../../web/b';`, /imports src\/web\/b/],
  ['src/web/a.ts', `const b = await import('../node/b');`, /imports src\/node\/b/],
  ['src/web/a.ts', `import { b } from '../../tools/b';`, /outside src/],
  ['src/image/a.ts', `import {\n  readFileSync,\n} from 'node:fs';`, /imports node:fs/],
  ['src/training/a.ts', `import 'cli-progress';`, /imports cli-progress/],
  ['src/pyramidflow/a.ts', 'export const a = process.env.A;', /uses process/],
  ['src/image/a.ts', 'export const a = (b: ImageData) => b;', /uses ImageData/],
  ['src/image/a.ts', 'export const a = await fetch(url);', /uses fetch/],
  ['src/odd/a.ts', '', /does not know/],
  ['src/a.ts', '', /does not know/],
];

for (const [file, text, fault] of BREACHES) {
  test(`${file} may not: ${text.slice(0, 50).trim()}`, () => {
    const found = faults(file, text);
    assert.is(found.length, 1, found.join('\n'));
    assert.match(found[0], fault);
  });
}

const ALLOWED: readonly (readonly [file: string, text: string])[] = [
  ['src/training/a.ts', `import { b } from '../gpu/b';\nimport { c } from '../metrics/c';`],
  ['src/ops/conv/a.ts', `import kernel from '../../../shaders/pyramid/blur.wgsl';\nimport { b } from '../b';`],
  ['src/node/a.ts', `import { readFileSync } from 'node:fs';\nimport sharp from 'sharp';\nprocess.exit(1);`],
  ['src/metrics/a.ts', `// of one process: import { b } from '../ops/b'\nconst window = [1];\nwindow.map((x) => x);`],
  ['src/image/a.ts', `import { b } from '../core/b';\nexport const a = { fetch: b.fetch, url: 'document' };`],
];

for (const [file, text] of ALLOWED) {
  test(`${file} may: ${text.slice(0, 50).trim()}`, () => assert.equal(faults(file, text), []));
}

test.run();
