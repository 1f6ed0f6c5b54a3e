import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkCall, checkUniforms } from '../../src/gpu/call-checks';
import { packUniforms } from '../../src/gpu/kernel';
import { reflect } from '../../src/gpu/reflect';
import { openRuntime } from '../../src/node/dawn';
import { Tensor } from '../../src/tensor/tensor';
import { assertRejects } from '../support/assert-rejects';
import { gpu } from '../support/gpu';
import { kernelNames, kernelText } from '../support/kernels';

for (const name of kernelNames()) {
  test(`${name} compiles with its defaults, and says what it does and how it is launched`, async () => {
    const text = kernelText(name);
    assert.match(text, /^\/\/ /, 'a header comment');
    assert.match(text, /^\/\/ grid: /m, 'its grid');
    assert.match(text, /@workgroup_size\(64\)/);
    await gpu.compile(reflect(name, text));
  });
}

const KERNEL = `
override SIDE: u32 = 4;
override SCALE: f32 = 1;
struct Shape { size: u32, shift: i32, factor: f32 }
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@compute @workgroup_size(64) fn start() { y[0] = x[0] * SCALE * shape.factor; }
`;

test('uniforms are packed at their offsets in their types', () => {
  const bytes = packUniforms(reflect('example', KERNEL), { size: 2 ** 32 - 1, shift: -2, factor: 0.1 });
  const view = new DataView(bytes);
  assert.is(bytes.byteLength, 16);
  assert.is(view.getUint32(0, true), 2 ** 32 - 1);
  assert.is(view.getInt32(4, true), -2);
  assert.is(view.getFloat32(8, true), Math.fround(0.1));
  assert.throws(
    () => checkUniforms(reflect('example', KERNEL), { size: 1, shift: 0 }),
    refused(/example needs the uniform factor/),
  );
});

const refused = (word: RegExp) => (error: Error) => error.name === 'UsageError' && word.test(error.message);
const UNIFORMS = { size: 1, shift: 0, factor: 1 };

const CALLS: readonly (readonly [given: object, word: RegExp])[] = [
  [{ constants: { SIDES: 4 } }, /example has no constant SIDES; it has SIDE, SCALE/],
  [{ constants: { SIDE: 4, SCALE: 1, MORE: 1 } }, /no constant MORE/],
  [{ tensors: { x: 0, z: 0 } }, /no tensor z; it has x, y/],
  [{ tensors: { x: 0, y: 0, z: 0 } }, /no tensor z/],
  [{ tensors: { y: 0 } }, /needs the tensor x/],
  [{ uniforms: { ...UNIFORMS, shifts: 1 } }, /no uniform shifts; it has size, shift, factor/],
  [{ uniforms: { size: 1, shift: 1, factors: 1 } }, /no uniform factors/],
  ...[-1, 0.5, 2 ** 32, NaN, '1', true, null].map(
    (size) => [{ uniforms: { ...UNIFORMS, size } }, RegExp(`example: uniform size is ${size}; .* 0 to 4294967295`)] as const,
  ),
  ...[2 ** 31, 0.5, -Infinity].map(
    (shift) => [{ uniforms: { ...UNIFORMS, shift } }, RegExp(`uniform shift is ${shift}; .* whole number`)] as const,
  ),
  ...[NaN, Infinity, 1e39, undefined].map(
    (factor) => [{ uniforms: { ...UNIFORMS, factor } }, /uniform factor( is .* finite number|; pass size)/] as const,
  ),
  [{ constants: { SIDE: 0.5 } }, /example: constant SIDE is 0.5; pass a whole number/],
  [{ constants: { SIDE: -1 } }, /constant SIDE is -1/],
  [{ constants: { SIDE: 2, SCALE: NaN } }, /constant SCALE is NaN; pass a finite number/],
];

for (const [change, word] of CALLS) {
  test(`a call that does not fit its kernel is refused: ${word}`, () => {
    const y = Tensor.from(gpu, [1], Float32Array.of(1));
    const x = Tensor.from(gpu, [1], Float32Array.of(1));
    const call = { tensors: { x, y }, uniforms: UNIFORMS, constants: { SIDE: 2 }, grid: [1, 1, 1] as const };
    const kernel = reflect('example', KERNEL);
    for (let i = 0; i < 2; i++) {
      gpu.run(kernel, call);
      assert.throws(() => gpu.run(kernel, { ...call, ...change }), refused(word));
    }
  });
}

const ELEMENTS = { x: 'i32', y: 'u32' } as const;

for (const [name, dtype] of Object.entries(ELEMENTS)) {
  test(`a tensor ${name} of ${dtype} is refused by a kernel that reads f32, also in memory that was f32 before`, () => {
    const call = { uniforms: UNIFORMS, grid: [1, 1, 1] as const };
    const kernel = reflect('example', KERNEL);
    const tensors = { x: Tensor.zeros(gpu, [1]), y: Tensor.zeros(gpu, [1]) };
    gpu.run(kernel, { tensors, ...call });
    const other = { ...tensors[name as 'x'], dtype, slice: tensors[name as 'x'].slice };
    assert.throws(
      () => gpu.run(kernel, { tensors: { ...tensors, [name]: other }, ...call }),
      refused(RegExp(`example: tensor ${name} has elements of f32, but tensor is of ${dtype}; pass a tensor of f32`)),
    );
  });
}

test('two tensors in one buffer are refused where WebGPU would refuse them, and only there', async () => {
  const text = (accesses: readonly string[]) =>
    `${accesses.map((access, i) => `@group(0) @binding(${i}) var<storage, ${access}> x${i}: array<f32>;`).join('\n')}
     @compute @workgroup_size(1) fn main() { ${accesses.map((_, i) => `_ = x${i}[0];`).join(' ')} }`;
  const rows = Tensor.from(gpu, [128], new Float32Array(128), 'rows');
  const [first, second] = [rows.view([64], 0, 'first'), rows.view([64], 64, 'second')];
  const call = (accesses: readonly string[], x0: Tensor, x1: Tensor) => () =>
    gpu.run(reflect('pair', text(accesses)), { tensors: { x0, x1 }, uniforms: {}, grid: [1, 1, 1] });
  const same = /kernel pair: tensors x0 \(\w+\) and x1 \(second\) lie in the same memory.*; pass a copy/;
  for (let i = 0; i < 2; i++) {
    assert.throws(call(['read', 'read_write'], first, second), refused(same));
    assert.throws(call(['read_write', 'read'], second, second), refused(same));
    assert.throws(call(['read_write', 'read_write'], rows, second), refused(same));
    call(['read_write', 'read_write'], first, second)();
    call(['read', 'read'], rows, second)();
    await gpu.finish();
  }
});

test('a tensor of another runtime is refused', async () => {
  using other = await openRuntime();
  const tensors = { x: Tensor.zeros(gpu, [1]), y: Tensor.zeros(other, [1], 'theirs') };
  assert.throws(
    () => gpu.run(reflect('example', KERNEL), { tensors, uniforms: UNIFORMS, grid: [1, 1, 1] }),
    refused(/example: tensor y \(theirs\) is on another GPU runtime/),
  );
  await gpu.finish();
});

test('a kernel that is compiled ahead with a constant that it does not have is refused', async () => {
  await assertRejects(() => gpu.compile(reflect('example', KERNEL), { SIZE: 3 }), 'UsageError', /no constant SIZE/);
  await assertRejects(() => gpu.compile(reflect('example', KERNEL), { SIDE: 1.5 }), 'UsageError', /SIDE is 1.5/);
});

test('a kernel without constants and uniforms says that it has none', () => {
  const bare = { name: 'bare', text: '', entry: 'main', tensors: [], constants: [] };
  checkCall(bare, { tensors: {} });
  assert.throws(() => checkCall(bare, { tensors: {}, constants: { K: 1 } }), refused(/it has none/));
  assert.throws(() => checkUniforms(bare, { size: 1 }), refused(/it has none/));
});

test('every file of the library says what it is, and some kernel includes it', () => {
  for (const file of readdirSync('shaders/lib')) {
    const text = readFileSync(`shaders/lib/${file}`, 'utf8');
    assert.match(text, /^\/\/ /, file);
    const code = text.split('\n').filter((line) => !/^\s*\/\//.test(line));
    assert.ok(
      kernelNames().some((name) => code.every((line) => kernelText(name).includes(line))),
      file,
    );
  }
});

test.run();
