import { readdirSync } from 'node:fs';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { specialise } from '../../src/gpu/specialise';
import { shortened } from '../../src/node/wgsl/plugin';
import { withExtensions } from '../../tools/support/declarations';
import { BUDGET, bundleEntry } from '../../tools/support/web';
import { reflectRender, wgsl } from '../../tools/wgsl-plugin';
import { kernelNames, kernelText } from '../support/kernels';
import { temporaryFolder } from '../support/temporary';

/** The source files in the worker, which is one file. */
async function workerSources(): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: ['src/web/worker.ts'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    minify: true,
    outfile: 'out.js',
    plugins: [wgsl()],
  });
  const [{ inputs, imports }] = Object.values(metafile.outputs);
  assert.equal(imports, [], 'it needs no other file');
  return Object.keys(inputs).filter((file) => inputs[file].bytesInOutput > 0);
}

/** What a page loads later: `PageDetection.draw`, learning and saving, the reason why it has no WebGPU. */
const LATER = [
  ...['shaders/render/draw_map.wgsl', 'src/web/map-painter.ts', 'src/image/colormap.ts', 'src/gpu/call-checks.ts'],
  ...['src/training/learn-template.ts', 'src/checkpoint/encode.ts', 'src/image/resample.ts', 'src/web/support.ts'],
];

const TRAINING = [
  'src/training/fit.ts',
  'src/training/step.ts',
  'src/autograd/adam.ts',
  'src/image/augment.ts',
  'src/autograd/tape.ts',
  'src/flow/mixing.ts',
  'src/pyramidflow/coupling.ts',
  'src/pyramidflow/fourier-loss.ts',
  'src/pyramidflow/initialize.ts',
  'src/pyramidflow/trainable.ts',
  ...[
    ...['conv/conv2d_grad_input_strided', 'conv/conv2d_grad_weight', 'conv/conv_tile_correlate'],
    ...['conv/conv_tile_correlate_subgroup', 'conv/conv_tile_weights_gradient', 'tensor/sum_slices'],
    ...['flow/affine_gradient', 'flow/mixing_gradient_lower', 'flow/mixing_gradient_upper', 'flow/mixing_inverse'],
    ...['flow/mean_over_channels', 'flow/mean_over_space', 'flow/subtract_mean', 'flow/soft_clamp_gradient'],
    ...['network/leaky_relu', 'tensor/copy_window', 'pyramid/nearest_gradient', 'pyramid/up_gradient'],
    ...[
      'loss/pair_differences',
      'loss/pair_differences_gradient',
      'loss/fourier_phase',
      'fft/fft_pass',
      'fft/fft_pass_prime',
      'fft/real_part',
    ],
    'optim/adam',
  ].map((kernel) => `shaders/${kernel}.wgsl`),
];

test('what a page loads first stays below its size limit, and leaves the rest for later and training to the worker', async () => {
  const out = temporaryFolder();
  const { sources, gzip } = await bundleEntry('web', out);
  assert.ok(sources.includes('src/web/page-detector.ts'));
  assert.equal(
    sources.filter((file) => [...LATER, ...TRAINING].includes(file)),
    [],
  );
  assert.ok(gzip <= BUDGET, `${gzip} bytes`);
  const scripts = readdirSync(out).filter((file) => file.endsWith('.js'));
  assert.equal(scripts.sort(), ['web-chunk.js', 'web-draw.js', 'web-later.js', 'web-support.js', 'web.js']);
  const worker = await workerSources();
  assert.equal(
    TRAINING.filter((file) => !worker.includes(file)),
    [],
  );
});

for (const name of kernelNames()) {
  test(`${name} without comments and spaces is the same program`, () => {
    const tokens = (text: string) =>
      specialise(text, {})
        .replace(/\/\/.*$/gm, '')
        .match(/[\w.]+|[-+*/%=<>!&|^~]+|\S/g);
    const short = shortened(kernelText(name));
    assert.equal(tokens(short), tokens(kernelText(name)));
    assert.is(short.match(/\/\/.*/g)?.some((comment) => comment !== '// unroll') ?? false, false);
  });
}

test('imports of declarations name files as Node and browsers do', () => {
  const text = `import type { A } from './a';\nexport { B } from "../b/c";\ntype D = import('./d').D;\nimport x from 'sharp';\n`;
  const named = `import type { A } from './a.js';\nexport { B } from "../b/c.js";\ntype D = import('./d.js').D;\nimport x from 'sharp';\n`;
  assert.is(withExtensions(text), named);
  assert.is(withExtensions(named), named);
});

const SHADER = `
struct View { width: f32, count: u32 }
@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var image: texture_2d<f32>;
@group(0) @binding(3) var linear: sampler;
@vertex fn corner() -> @builtin(position) vec4f { return vec4f(0.0); }
@fragment fn color() -> @location(0) vec4f { return vec4f(values[0] * view.width) + textureSampleLevel(image, linear, vec2f(0.0), 0.0); }
`;

test('a table of a shader that draws names its stages, bindings and uniforms', () => {
  const { text, ...table } = reflectRender('example', SHADER);
  assert.is(text, SHADER);
  assert.equal(table, {
    name: 'example',
    vertex: 'corner',
    fragment: 'color',
    bindings: [
      { name: 'values', binding: 1 },
      { name: 'image', binding: 2 },
      { name: 'linear', binding: 3 },
    ],
    uniforms: {
      binding: 0,
      size: 16,
      fields: [
        { name: 'width', offset: 0, type: 'f32' },
        { name: 'count', offset: 4, type: 'u32' },
      ],
    },
  });
});

for (const [change, message] of [
  [(text: string) => text.replace('@fragment ', ''), /no @fragment entry point/],
  [
    (text: string) => text.replace('@group(0) @binding(2)', '@group(1) @binding(2)'),
    /image is not bound by a number in group 0/,
  ],
  [(text: string) => text.replace('var<uniform> view: View', 'var<storage, read> view: View'), /not one uniform/],
] as const) {
  test(`a shader that cannot be bound is refused: ${message}`, () => {
    assert.throws(() => reflectRender('odd', change(SHADER)), message);
  });
}

test.run();
