import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { KernelSource } from '../../src/gpu/kernel';
import { kernel } from '../../src/gpu/reflect';
import { Tensor } from '../../src/tensor/tensor';
import { gpu } from '../support/gpu';
import { Project } from '../support/package';

const project = new Project('esbuild-test', ['node', 'types']);
project.link('esbuild');

const DOUBLE = `// #include "lib/index.wgsl"
// Twice.
override FACTOR: f32 = 2;
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (inside(id.x, arrayLength(&y))) { y[id.x] *= FACTOR; }
}
`;
const INDEX = 'fn inside(i: u32, size: u32) -> bool { return i < bound(size); }\n';
const BOUND = 'fn bound(size: u32) -> u32 { return size; }\n';

project.write('kernels/double.wgsl', DOUBLE);
project.write('kernels/lib/index.wgsl', `// #include "../../shared/bound.wgsl"\n${INDEX}`);
project.write('shared/bound.wgsl', BOUND);
project.write(
  'app.ts',
  `/// <reference types="pyramidflow/wgsl" />
  import double from './kernels/double.wgsl';
  const name: string = double.name;
  export { double, name };`,
);
project.write(
  'build.ts',
  `import { build } from 'esbuild';
  import { wgsl } from 'pyramidflow/esbuild';
  for (const minify of [false, true]) {
    const outfile = minify ? 'small.js' : 'app.js';
    await build({ entryPoints: ['app.ts'], bundle: true, format: 'esm', minify, outfile, plugins: [wgsl()], logLevel: 'silent' });
  }`,
);
const EXPANDED = BOUND + INDEX + DOUBLE.split('\n').slice(1).join('\n');

function compile(): void {
  const options = { strict: true, target: 'ES2022', module: 'NodeNext', outDir: 'out', types: [], lib: ['ES2022', 'DOM'] };
  const config = { compilerOptions: options, files: ['app.ts', 'build.ts'] };
  project.write('tsconfig.json', JSON.stringify(config));
  project.run(process.execPath, resolve('node_modules/typescript/bin/tsc'), '-p', '.');
}

test('a project of its own bundles kernel files with what they include, and runs them', async () => {
  compile();
  project.run(process.execPath, 'out/build.js');
  for (const file of ['app.js', 'small.js']) {
    const { double } = (await import(pathToFileURL(project.path(file)).href)) as { double: KernelSource };
    const y = Tensor.from(gpu, [3], [1, 2, 3], 'y');
    gpu.run(double, { tensors: { y }, uniforms: {}, grid: [1, 1, 1] });
    gpu.run(double, { tensors: { y }, uniforms: {}, constants: { FACTOR: 5 }, grid: [1, 1, 1] });
    assert.equal([...(await y.read())], [10, 20, 30], file);
    if (file === 'app.js') assert.equal(double, JSON.parse(JSON.stringify(kernel('double', EXPANDED))));
  }
  assert.not.match(readFileSync(project.path('small.js'), 'utf8'), /Twice/);
});

for (const [change, message] of [
  [DOUBLE.replace('lib/index', 'lib/none'), /kernels\/double\.wgsl:1:0: ERROR: .*there is no kernels\/lib\/none\.wgsl/],
  [DOUBLE.replace('array<f32>', 'array<f16>'), /kernels\/double\.wgsl:4:0: ERROR: .*y is of the type array<f16>/],
] as const) {
  test(`a build fails at the file and line of a fault: ${message}`, () => {
    project.write('kernels/double.wgsl', change);
    const { status, stderr } = spawnSync(process.execPath, ['out/build.js'], { cwd: project.folder, encoding: 'utf8' });
    assert.is(status, 1);
    assert.match(stderr, message);
  });
}

test.run();
