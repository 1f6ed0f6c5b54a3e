import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { manifest, Project } from '../support/package';

const project = new Project('package-test');
project.link('@types/node');

const packed = (path: string) => project.path(`node_modules/pyramidflow/${path}`);

test('the package holds what is built, its manifest, README and license', () => {
  assert.equal(readdirSync(packed('.')).sort(), ['LICENSE', 'README.md', 'dist', 'package.json']);
});

test('every entry point, its types and every file with side effects are in the package', () => {
  const targets = Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string' ? [target] : Object.values(target),
  );
  assert.equal(
    [...targets, ...manifest.sideEffects.filter((path) => path.startsWith('./dist/'))].filter(
      (path) => !existsSync(packed(path)),
    ),
    [],
  );
});

project.write(
  'node.ts',
  `import { type Detection, type Detector, loadDetector, PyramidFlowError, readImage } from 'pyramidflow';
  export async function score(model: string, image: string): Promise<number> {
    using detector: Detector = await loadDetector(model);
    const detection: Detection = await detector.detect(await readImage(image));
    return detection.map[0] + detection.score;
  }
  try {
    await score('missing.safetensors', 'missing.png');
  } catch (error) {
    if (!(error instanceof PyramidFlowError)) throw error;
    console.log(error.code);
  }`,
);

project.write(
  'web.ts',
  `import 'pyramidflow/web-worker.js';
  import { explainSupport, loadDetector, type PageDetection, train } from 'pyramidflow/web';
  const { supported } = await explainSupport();
  const file: ArrayBuffer = await train([], { epochs: 1, onProgress: ({ epoch }) => console.log(epoch, supported) });
  const detection: PageDetection = await (await loadDetector(file)).detect(document.querySelector('video')!);
  detection.draw(document.querySelector('canvas')!, { overlay: true });`,
);

const compilers = {
  'TypeScript 7': resolve('node_modules/typescript/bin/tsc'),
  'TypeScript 6': resolve('tools/docs/node_modules/typescript/bin/tsc'),
};

/** Checks the declarations of all packages too (`skipLibCheck` is off), as a strict project would. */
function compile(compiler: string, file: string, options: object): void {
  const strict = { strict: true, skipLibCheck: false, target: 'ES2022', module: 'NodeNext', outDir: 'out' };
  project.write('tsconfig.json', JSON.stringify({ compilerOptions: { ...strict, ...options }, files: [file] }));
  project.run(process.execPath, compiler, '-p', '.');
}

for (const [name, compiler] of Object.entries(compilers)) {
  test(`${name} compiles a program for Node, which runs`, () => {
    compile(compiler, 'node.ts', { types: ['node'], lib: ['ES2022'] });
    assert.is(project.run(process.execPath, 'out/node.js').trim(), 'CheckpointError');
  });

  test(`${name} compiles a page, by its own resolution and by a bundler's`, () => {
    const page = { types: [], lib: ['ES2022', 'DOM'] };
    compile(compiler, 'web.ts', page);
    compile(compiler, 'web.ts', { ...page, module: 'ESNext', moduleResolution: 'Bundler' });
  });
}

test('the command line starts', () => {
  assert.match(project.run('node_modules/.bin/pyramidflow', '--help'), /Usage: pyramidflow/);
});

test.run();
