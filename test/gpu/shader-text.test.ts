import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkDialect } from '../../src/gpu/dialect';
import { KernelFault } from '../../src/gpu/kernel-text';
import { expandIncludes, ShaderError, shaderError } from '../../src/node/wgsl/shader-text';
import { READING, wgsl } from '../../tools/wgsl-plugin';

const LIBRARY = {
  'shaders/lib/one.wgsl': 'const ONE = 1;\n',
  'shaders/lib/two.wgsl': '// #include "lib/one.wgsl"\nconst TWO = ONE + ONE;\n',
  'shaders/lib/circle.wgsl': 'const C = 1;\n// #include "lib/back.wgsl"\n',
  'shaders/lib/back.wgsl': '// #include "lib/circle.wgsl"\n',
  'shaders/lib/marked.wgsl': 'fn f() {\n  //unroll\n}\n',
};

/** The text of a shader with what it includes, as the build checks it. */
function checked(text: string, options?: { fixed: boolean }) {
  const files: Record<string, string> = { ...LIBRARY, 'shaders/a/x.wgsl': text };
  const shader = expandIncludes('shaders/a/x.wgsl', { ...READING, read: (file) => files[file] });
  try {
    checkDialect(shader.text, options);
  } catch (fault) {
    throw fault instanceof KernelFault ? shaderError(shader, fault) : fault;
  }
  return shader;
}

test('an include is replaced by its file once, with what that includes', () => {
  const includes = ['one', 'two', 'two'].map((name) => `// #include "lib/${name}.wgsl"\n`).join('');
  const { text, files, places } = checked(`// head\n${includes}fn f() {}\n`);
  assert.is(text, '// head\nconst ONE = 1;\nconst TWO = ONE + ONE;\nfn f() {}\n');
  assert.equal(files, ['shaders/a/x.wgsl', 'shaders/lib/one.wgsl', 'shaders/lib/two.wgsl']);
  assert.equal(
    places.slice(0, 4).map(({ file, line }) => `${file}:${line}`),
    ['shaders/a/x.wgsl:1', 'shaders/lib/one.wgsl:1', 'shaders/lib/two.wgsl:2', 'shaders/a/x.wgsl:5'],
  );
});

test('Windows line ends are read like any other', () => {
  assert.is(checked('// #include "lib/one.wgsl"\r\n// b\r\n').text, 'const ONE = 1;\n// b\n');
});

const LOOP = 'for (var i = 0u; i < 2u; i++) { a(); }';
const body = (text: string) => `fn f() {\n${text}\n}`;

const FAULTS: readonly (readonly [text: string, place: string, word: RegExp])[] = [
  ['// #include "lib/none.wgsl"', 'a/x.wgsl:1', /there is no/],
  ['\n// #include "lib/circle.wgsl"', 'lib/back.wgsl:1', /includes/],
  [body('// #include "lib/one.wgsl"'), 'a/x.wgsl:2', /inside braces/],
  ...[
    '//#include "lib/one.wgsl"',
    '//  #include "lib/one.wgsl"',
    ' // #include "lib/one.wgsl"',
    '// #include "lib/one.wgsl" ',
    '// #include lib/one.wgsl',
    '// #include <lib/one.wgsl>',
    "// #include 'lib/one.wgsl'",
    '// #include "one.wgsl"',
    '// #include "../lib/one.wgsl"',
    '// #include "a/x.wgsl"',
    '// # include "lib/one.wgsl"',
    '// #Include "lib/one.wgsl"',
    '// #import "lib/one.wgsl"',
    '// include "lib/one.wgsl"',
    '#include "lib/one.wgsl"',
    'const A = 1; // #include "lib/one.wgsl"',
  ].map((line) => [`// head\n${line}`, 'a/x.wgsl:2', /include that the build has not replaced/] as const),
  ...[
    ...['//unroll', '//  unroll', '// unroll ', '// Unroll', '// unroll!', '// unroll this', '// please unroll'],
    ...['// unrolled', '/// unroll', 'a(); // unroll'],
  ].map((mark) => [body(`${mark}\n${LOOP}`), 'a/x.wgsl:2', /loop that is not unrolled/] as const),
  ...[
    'a();',
    '',
    `\n${LOOP}`,
    `a(); ${LOOP}`,
    'while (i < 2u) { a(); }',
    'for (var i = 2u; i > 0u; i--) { a(); }',
    'for (var i = 0u; i < 4u; i += 2u) { a(); }',
    'for (var i = 0u; j < 2u; i++) { a(); }',
    'for (var i: u32 = 0u; i < 2u; i++) { a(); }',
    'for (let i = 0u; i < 2u; i++) { a(); }',
    'for (var i = 0u; i < 2u; i++) a();',
  ].map((loop) => [body(`// unroll\n${loop}`), 'a/x.wgsl:2', /loop that is not unrolled/] as const),
  [body(`// unroll\n${LOOP.replace('2u', 'shape.size')}`), 'a/x.wgsl:2', /cannot unroll/],
  [body(`// unroll\n${LOOP.replace('<', '<=')}`), 'a/x.wgsl:2', /cannot unroll/],
  [body(`// unroll\n${LOOP.replace('a();', 'if (b) { break; }')}`), 'a/x.wgsl:2', /break/],
  ['fn f() {\n// unroll\nfor (var i = 0u; i < 2u; i++) { a();', 'a/x.wgsl:2', /not closed/],
  ...[
    'override A: u32;',
    'override A = 1;',
    'override A: bool = true;',
    'override A: u32 = 1',
    'override  A: u32 = 1;',
    ' override A: u32 = 1;',
    'override A : u32 = 1;',
    '@id(1) override A: u32 = 1;',
    'override A: u32 = 1; override B: u32 = 2;',
    'override A: u32 =\n1;',
  ].map((line) => [`// head\n${line}`, 'a/x.wgsl:2', /override that would not become a constant/] as const),
  ['// #include "lib/marked.wgsl"', 'lib/marked.wgsl:2', /loop that is not unrolled/],
];

for (const [text, place, word] of FAULTS) {
  test(`refused: ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => checked(text),
      (error: Error) =>
        error instanceof ShaderError && error.message.startsWith(`shaders/${place}: `) && word.test(error.message),
    );
  });
}

test('a render shader is not specialised, and may not be marked for it', () => {
  checked(body(LOOP), { fixed: true });
  assert.throws(() => checked(body(`// unroll\n${LOOP}`), { fixed: true }), /x\.wgsl:2: a mark of a loop/);
  assert.throws(() => checked('override A: u32 = 1;', { fixed: true }), /x\.wgsl:1: an override/);
});

const KERNEL = `// #include "lib/two.wgsl"
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main() { y[0] = f32(TWO); }
`;

/** What a build of a page says that imports this kernel; its files lie in a folder of their own. */
async function bundled(kernel: string) {
  const root = mkdtempSync(join(tmpdir(), 'shaders-'));
  try {
    const page = `export { default } from './shaders/a/x.wgsl';`;
    for (const [file, text] of Object.entries({ ...LIBRARY, 'shaders/a/x.wgsl': kernel, 'page.js': page })) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
    const { outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: ['page.js'],
      bundle: true,
      write: false,
      format: 'esm',
      logLevel: 'silent',
      plugins: [wgsl()],
    });
    return outputFiles[0].text;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test('bundled text has its includes resolved, and no include line left', async () => {
  const code = await bundled(KERNEL);
  assert.match(code, /const ONE = 1;.*const TWO/);
  assert.not.match(code, /#include/);
});

test('a build fails at the file and line of a fault', async () => {
  const failure = (kernel: string) =>
    bundled(kernel).then(
      () => 'no error',
      (error: Error) => error.message,
    );
  assert.match(
    await failure(KERNEL.replace('two', 'none')),
    /shaders\/a\/x\.wgsl:1:0: ERROR: .*there is no shaders\/lib\/none/,
  );
  assert.match(await failure(KERNEL.replace('two', 'marked')), /shaders\/lib\/marked\.wgsl:2:0: ERROR/);
});

test.run();
