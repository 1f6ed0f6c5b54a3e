import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type StructInfo, WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import { blankComments } from '../../src/gpu/kernel-text';
import { kernel, reflect } from '../../src/gpu/reflect';
import { Tensor } from '../../src/tensor/tensor';
import { gpu } from '../support/gpu';
import { kernelNames, kernelText } from '../support/kernels';

/** A kernel's table as wgsl_reflect, which knows all of WGSL, sees it. */
function reference(name: string, text: string) {
  const reflected = new WgslReflect(text);
  const [uniform] = reflected.uniforms;
  const struct = uniform?.type as StructInfo;
  const elementOf = (type: string) => /([fiu])(?:32)?>*$/.exec(type)![1];
  return {
    name,
    text,
    entry: reflected.entry.compute[0].name,
    tensors: reflected.storage
      .sort((a, b) => a.binding - b.binding)
      .map((b) => ({
        name: b.name,
        binding: b.binding,
        access: b.access === 'read' ? 'read' : 'read_write',
        element: `${elementOf(b.format!.getTypeName())}32`,
      })),
    uniforms: uniform && {
      binding: uniform.binding,
      size: Math.ceil(struct.size / 16) * 16,
      fields: struct.members.map(({ name, offset, type }) => ({ name, offset, type: type.name })),
    },
    constants: reflected.overrides.map((o) => o.name),
  };
}

test('every kernel has the table that wgsl_reflect gives it', () => {
  assert.ok(kernelNames().length > 40);
  for (const name of kernelNames()) {
    assert.equal(reflect(name, kernelText(name)), reference(name, kernelText(name)), name);
  }
});

const KERNEL = `
override SIDE: u32 = 4;
override SCALE: f32 = 1;
struct Shape {
  size: u32, // of x
  shift: i32,
  factor: f32,
}
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@compute @workgroup_size(64) fn start() { y[0] = x[0] * SCALE * shape.factor; }
`;

test('a kernel table names entry, bindings, uniforms and constants', () => {
  const { text, ...table } = reflect('example', KERNEL);
  assert.is(text, KERNEL);
  assert.equal(table, {
    name: 'example',
    entry: 'start',
    tensors: [
      { name: 'x', binding: 1, access: 'read', element: 'f32' },
      { name: 'y', binding: 3, access: 'read_write', element: 'f32' },
    ],
    uniforms: {
      binding: 0,
      size: 16,
      fields: [
        { name: 'size', offset: 0, type: 'u32' },
        { name: 'shift', offset: 4, type: 'i32' },
        { name: 'factor', offset: 8, type: 'f32' },
      ],
    },
    constants: ['SIDE', 'SCALE'],
  });
});

const VECTORS = `/* @compute @workgroup_size(64) fn no() {} /* nested */
@group(0) @binding(9) var<uniform> none: None; */
override N: u32 = 3;
struct Inner { a: f32 }
@binding( 2 )
  @group(0) // the second
  var<storage,read_write>out:array<vec4<u32>>;
@group(0) @binding(0u) var<storage> a: array< vec2i >; // @group(0) @binding(0) var<storage> b: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<vec2<f32>>;
var<private> held: vec2<f32>;
var<workgroup> lanes: array<f32, 64>;
fn helper(p: ptr<function, f32>) -> f32 { var t: f32 = *p; return t; }
@compute @workgroup_size(8, (4 + 4), 1)
fn main(@builtin(global_invocation_id) id: vec3u) { out[0] = vec4u(bitcast<vec2u>(b[0] + vec2f(a[0])), N, 0u); }
`;

test('comments, white space, the order of attributes and vectors of all kinds make no difference', async () => {
  const table = reflect('vectors', VECTORS);
  assert.equal(
    table.tensors.map(({ name, binding, access, element }) => `${name} ${binding} ${access} ${element}`),
    ['a 0 read i32', 'b 1 read f32', 'out 2 read_write u32'],
  );
  assert.equal([table.entry, table.constants, table.uniforms], ['main', ['N'], undefined]);
  await gpu.compile(table, { N: 5 });
});

test('comments are blanked and nothing moves', () => {
  const text = 'a /* b\n// c */ d // e /* f\n  // unroll\n/*// unroll\n/**/*/g // h';
  const blanked = blankComments(text);
  assert.is(blanked, 'a     \n        d          \n  // unroll\n           \n      g     ');
  assert.is(blanked.length, text.length);
});

const BODY = 'y[i] = 2.0 * y[i];';
const DOUBLE = `// Twice.
struct Shape { size: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i < shape.size) { ${BODY} }
}
`;

test('a kernel that is made at run time runs, whatever its line ends', async () => {
  for (const text of [DOUBLE, DOUBLE.replaceAll('\n', '\r\n')]) {
    const y = Tensor.from(gpu, [3], Float32Array.of(1, 2, 3), 'y');
    gpu.run(kernel('double', text), { tensors: { y }, uniforms: { size: 2 }, grid: [1, 1, 1] });
    assert.equal([...(await y.read())], [2, 4, 3]);
  }
  assert.equal(kernel('double', DOUBLE), { ...reflect('double', DOUBLE), custom: true });
});

const FAULTS: readonly (readonly [from: string, to: string, line: number, at: string, problem: RegExp])[] = [
  ['@compute', '', 1, '// Twice', /no @compute entry point/],
  ['@compute', '@compute @workgroup_size(1) fn other() {}\n@compute', 7, 'main', /main is a second @compute/],
  ['@workgroup_size(64)', '', 6, 'main', /no workgroup size/],
  ['@group(0) @binding(1)', '@group(1) @binding(1)', 4, 'y:', /y is not bound by a number in group 0/],
  ['@group(0) @binding(1)', '@binding(1)', 4, 'y:', /y is not bound by a number in group 0/],
  ['@group(0) @binding(1)', '@group(0) @binding(Y)', 4, 'y:', /y is not bound by a number in group 0/],
  ['@group(0) @binding(1)', '', 4, 'y:', /y is not bound by a number in group 0/],
  ['@binding(1)', '@binding(0)', 4, 'y:', /y has binding 0, as shape has/],
  ['<storage, read_write>', '<storage, write>', 4, 'y:', /y has the access write/],
  ['array<f32>', 'array<f16>', 4, 'y:', /y is of the type array<f16>/],
  ['array<f32>', 'array<vec3f>', 4, 'y:', /y is of the type array<vec3f>/],
  ['array<f32>', 'array<f32, 64>', 4, 'y:', /array<f32,64>; use array<T> without a length/],
  ['array<f32>', 'array<atomic<u32>>', 4, 'y:', /array<atomic<u32>>/],
  ['array<f32>', 'array<Shape>', 4, 'y:', /array<Shape>/],
  ['array<f32>', 'Shape', 4, 'y:', /y is of the type Shape/],
  ['<storage, read_write> y: array<f32>', ' y: texture_2d<f32>', 4, 'y:', /y is a texture_2d<f32>/],
  ['<storage, read_write> y: array<f32>', '<uniform> y: Shape', 4, 'y:', /y is a second uniform/],
  ['size: u32', 'size: vec2f', 2, 'size', /size: vec2f; write NAME: TYPE/],
  ['size: u32', 'a: u32, @align(16) size: u32', 2, '@align', /@align\(16\) size: u32/],
  ['shape: Shape', 'shape: u32', 3, 'shape:', /shape is of the type u32; make it a struct/],
  ['shape: Shape', 'shape: array<Shape, 2>', 3, 'shape:', /array<Shape,2>/],
  ['// Twice.', '#include "a.wgsl"', 1, '#include', /include/],
  ['// Twice.', '// #include "lib/a.wgsl"', 1, '// #', /include/],
  [BODY, '// unroll\n', 8, 'if', /not unrolled/],
  [
    BODY,
    '\n  // unroll\n  for (var k = 0u; k < i; k++) { y[i] = 1.0; }',
    9,
    '// unroll',
    /cannot unroll a loop from 0u to i/,
  ],
  ['// Twice.', 'override SIDE: bool = true;', 1, 'override', /override/],
  [BODY, `${BODY} }`, 9, '}', /\} has no partner/],
  [BODY, '{', 6, '{', /\{ has no partner/],
  ['[i];', '[i);', 8, ');', /\) has no partner/],
  ['// Twice.', '/* Twice.', 1, '/*', /comment is not closed/],
];

for (const [from, to, line, at, problem] of FAULTS) {
  test(`'${to}' instead of '${from}' is refused with its line and place`, () => {
    assert.throws(
      () => kernel('odd', DOUBLE.replace(from, to)),
      (error: Error) => {
        const [head, code, caret] = error.message.split('\n');
        assert.is(error.name, 'UsageError');
        assert.match(error.message, problem);
        assert.is(head, `kernel odd, line ${line}:`);
        assert.ok(code.slice(caret.indexOf('^')).startsWith(at), error.message);
        return true;
      },
    );
  });
}

test.run();
