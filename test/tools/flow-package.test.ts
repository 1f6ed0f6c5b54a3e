import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import sirv from 'sirv';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleFlowPage, FLOW_BUDGET } from '../../tools/support/web';
import { TestBrowser } from '../support/browser';
import { Project } from '../support/package';

// The entry pyramidflow/flow as its users meet it: one program, in Node, in a page by an import map, and in a page by a bundler.

const project = new Project('flow-package-test');
project.link('@types/node');

project.write(
  'moons.ts',
  `import {
    Adam, type Bijection, coupling, Flow, loadFlow, mlp, nll, PyramidFlowError, Random, type Runtime, saveFlow, Tensor,
  } from 'pyramidflow/flow';

  export async function train(gpu: Runtime) {
    const random = new Random(0);
    const points = () => Float32Array.from({ length: 128 }, (_, i) => (i % 2 ? 0.5 : 2) * random.normal() + 1);
    const modules = (): Bijection[] => [false, true].map((flip) => coupling({ network: mlp(16), flip }));
    const flow = new Flow(gpu, [2], modules(), { seed: 1 });
    const adam = new Adam(flow.parameters, { learningRate: 1e-2 });
    const losses: number[] = [];
    for (let step = 0; step < 20; step++) losses.push(await flow.step(Tensor.from(gpu, [64, 2], points()), nll, adam));
    const other = new Flow(gpu, [2], modules(), { seed: 2 });
    await loadFlow(other, await saveFlow(flow));
    const [samples, same] = await Promise.all([flow, other].map(async (f) => [...(await f.sample(5)[0]!.read())]));
    return { losses, samples, same };
  }

  export function misuse(gpu: Runtime): unknown {
    try {
      return new Flow(gpu, [1], [coupling({ network: mlp(16) })]);
    } catch (error) {
      return error instanceof PyramidFlowError && error.code;
    }
  }`,
);
project.write(
  'node.ts',
  `import { openRuntime, PyramidFlowError } from 'pyramidflow';
  import * as flow from 'pyramidflow/flow';
  import { misuse, train } from './moons.js';
  using gpu = await openRuntime();
  const own = await flow.openGpu();
  own.dispose();
  console.log(JSON.stringify({
    ...(await train(gpu)),
    misuse: misuse(gpu),
    shared: flow.PyramidFlowError === PyramidFlowError && gpu.constructor === own.constructor,
    names: Object.keys(flow).sort(),
  }));`,
);
project.write(
  'page.ts',
  `import * as flow from 'pyramidflow/flow';
  import { misuse, train } from './moons.js';
  export async function run() {
    const gpu = await flow.openGpu();
    const trained = await train(gpu);
    return { ...trained, misuse: misuse(gpu), names: Object.keys(flow).sort() };
  }`,
);

interface Found {
  readonly losses: readonly number[];
  readonly samples: readonly number[];
  readonly same: readonly number[];
  readonly misuse: string;
  readonly names: readonly string[];
}

function assertTrained({ losses, samples, same, misuse }: Found): void {
  assert.is(losses.length, 20);
  assert.ok(losses[19]! < losses[0]! - 0.1, `losses ${losses}`);
  assert.equal(same, samples, 'a saved flow loads to the same bits');
  assert.is(misuse, 'ShapeError');
}

const compilers = {
  'TypeScript 7': resolve('node_modules/typescript/bin/tsc'),
  'TypeScript 6': resolve('tools/docs/node_modules/typescript/bin/tsc'),
};

/** Checks the declarations too, for a project that has neither Node's types nor the DOM's. */
function compile(compiler: string, file: string, options: object = {}): void {
  const strict = { strict: true, skipLibCheck: false, target: 'ES2022', module: 'NodeNext', outDir: 'out' };
  const compilerOptions = { ...strict, types: [], lib: ['ES2022'], ...options };
  project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: [file] }));
  project.run(process.execPath, compiler, '-p', '.');
}

for (const [name, compiler] of Object.entries(compilers)) {
  test(`${name} compiles a program, by its own resolution and by a bundler's`, () => {
    compile(compiler, 'page.ts', { module: 'ESNext', moduleResolution: 'Bundler' });
    compile(compiler, 'page.ts');
    compile(compiler, 'node.ts', { types: ['node'] });
  });
}

const inNode = () => JSON.parse(project.run(process.execPath, 'out/node.js')) as Found & { readonly shared: boolean };

test('it trains in Node, with a GPU that the other entry opened: both share one Runtime and one error', () => {
  const found = inNode();
  assertTrained(found);
  assert.ok(found.shared);
});

let browser: TestBrowser;
test.before(async () => {
  browser = await TestBrowser.launch();
});
test.after(() => browser.close());

/** What the module `script` of the project returns from \`run\`, in a page served as it is. */
async function inPage(script: string): Promise<Found> {
  const imports = { 'pyramidflow/flow': '/node_modules/pyramidflow/dist/flow-web.js' };
  project.write(
    'index.html',
    `<!doctype html><meta charset="utf-8" /><title>flow</title><link rel="icon" href="data:," />
    <script type="importmap">${JSON.stringify({ imports })}</script>
    <script type="module">import { run } from '${script}'; window.found = run();</script>`,
  );
  const server = createServer(sirv(project.folder, { dev: true }));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return await browser.visit(url, (page) => page.evaluate(() => (window as unknown as { found: Promise<Found> }).found));
  } finally {
    server.close();
  }
}

test('it trains in a page without a build, by an import map; its names are those that Node has', async () => {
  const found = await inPage('/out/page.js');
  assertTrained(found);
  assert.equal(found.names, inNode().names);
});

test('it trains in a page that a bundler made, which is one file and needs nothing of Node', async () => {
  const { metafile } = await build({
    entryPoints: [project.path('out/page.js')],
    ...{ bundle: true, minify: true, format: 'esm', platform: 'browser', metafile: true },
    outfile: project.path('bundle.js'),
  });
  assert.equal(Object.values(metafile.outputs)[0]!.imports, []);
  assertTrained(await inPage('/bundle.js'));
});

/** The text of all scripts in a folder whose names begin so. */
function scriptsOf(folder: string, start = ''): string {
  const names = readdirSync(folder).filter((name) => name.startsWith(start) && name.endsWith('.js'));
  return names.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
}

test('a bundler takes only what a page of a RealNVP needs', async () => {
  const { gzip } = await bundleFlowPage('pyramidflow/flow', project.folder, project.path('page'));
  assert.ok(gzip <= FLOW_BUDGET, `${gzip} bytes`);
  const page = scriptsOf(project.path('page'));
  const whole = scriptsOf(project.path('node_modules/pyramidflow/dist'), 'flow-web');
  for (const name of ['conv_tile', 'fft_pass', 'pyramidflow-flow-1', 'not that of its Jacobian']) {
    assert.ok(whole.includes(name), `${name} is in the entry`);
    assert.not(page.includes(name), `${name} is in the page`);
  }
});

test.run();
