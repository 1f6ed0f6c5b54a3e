import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { specialise } from '../../src/gpu/specialise';

const CONSTANTS: readonly (readonly [text: string, given: Record<string, number>, expected: string])[] = [
  ['override K: u32 = 7;', {}, 'const K: u32 = 7;'],
  ['override K: u32 = 7;', { K: 3 }, 'const K: u32 = 3;'],
  ['override SCALE: f32 = 2;', {}, 'const SCALE: f32 = 2.0;'],
  ['override SCALE: f32 = 0.5;', { SCALE: -3 }, 'const SCALE: f32 = -3.0;'],
  ['override SCALE: f32 = 1.0;', { SCALE: 0.01 }, 'const SCALE: f32 = 0.01;'],
  ['override N: i32 = 2;', { N: -4 }, 'const N: i32 = -4;'],
  ['override SIDE: u32 = K * 2u; // of a tile', {}, 'const SIDE: u32 = K * 2u;             '],
  ['const K: u32 = 7;', { K: 3 }, 'const K: u32 = 7;'],
  ['// override K: u32 = 7;', { K: 3 }, ' '.repeat(23)],
  ['/*\noverride K: u32 = 7; */', { K: 3 }, `  \n${' '.repeat(23)}`],
];

for (const [text, given, expected] of CONSTANTS) {
  test(`'${text}' with ${JSON.stringify(given)}`, () => assert.is(specialise(text, given), expected));
}

test('every override of a text is replaced, and a constant that no override names changes nothing', () => {
  const text = 'override A: u32 = 1;\noverride B: u32 = 2;\nfn f() {}';
  assert.is(specialise(text, { B: 5, C: 9 }), 'const A: u32 = 1;\nconst B: u32 = 5;\nfn f() {}');
});

/** What the unrolled text adds up to when it is run as JavaScript, which shares this much syntax with WGSL. */
function run(text: string, given: Record<string, number> = {}): string {
  const code = specialise(text, given)
    .replace(/: u32/g, '')
    .replace(/\b(\d+)u\b/g, '$1');
  return new Function(`let log = ''; ${code}; return log;`)() as string;
}

const LOOPS: readonly (readonly [name: string, text: string, log: string])[] = [
  ['a loop', 'LOOP(i, 0u, 3u) { log += i; }', '012'],
  ['one that starts later', 'LOOP(i, 2u, 5u) { log += i; }', '234'],
  ['one that never runs', 'LOOP(i, 3u, 3u) { log += i; }', ''],
  [
    'a bound that is an expression of constants',
    'const N: u32 = 2u;\nconst M: u32 = N * 2u;\nLOOP(i, 0u, M - 1u) { log += i; }',
    '012',
  ],
  ['a body with braces', 'LOOP(i, 0u, 3u) { if (i == 1u) { log += "x"; } else { log += i; } }', '0x2'],
  ['a loop in a loop', 'LOOP(i, 0u, 2u) {\nLOOP(j, 0u, 3u) { log += `${i}${j} `; }\n}', '00 01 02 10 11 12 '],
  ['two loops with one name', 'LOOP(i, 0u, 2u) { log += i; }\nLOOP(i, 5u, 7u) { log += i; }', '0156'],
];

for (const [name, text, log] of LOOPS) {
  test(`unrolls ${name}`, () => {
    const marked = text.replace(/LOOP\((\w), ([^,]+), (.+?)\) \{/g, '// unroll\nfor (var $1 = $2; $1 < $3; $1++) {');
    assert.is(run(marked), log);
    assert.not.match(specialise(marked, {}), /for \(/);
  });
}

test('an unrolled loop takes its bound from an override', () => {
  const text = 'override N: u32 = 2;\n// unroll\nfor (var i = 0u; i < N; i += 1u) { log += i; }';
  assert.is(run(text), '01');
  assert.is(run(text, { N: 4 }), '0123');
});

test('a marked loop with an early exit is an error', () => {
  for (const jump of ['break', 'continue']) {
    const text = `// unroll\nfor (var i = 0u; i < 3u; i++) { if (a > 1.0) { ${jump}; } }`;
    assert.throws(() => specialise(text, {}), new RegExp(`line 1: .* ${jump}`));
  }
});

test('braces in comments do not close a loop', () => {
  assert.is(run('// unroll\nfor (var i = 0u; i < 2u; i++) {\n// }\nlog += i; /* break; } */ }'), '01');
});

test('loops that are not marked stay loops', () => {
  const text = 'for (var i = 0u; i < 3u; i++) { log += i; }';
  assert.is(specialise(text, {}), text);
});

test('unsigned indices stay unsigned', () => {
  assert.match(specialise('// unroll\nfor (var i = 0u; i < 1u; i++) { a[i] = 1.0; }', {}), /const i = 0u;/);
  assert.match(specialise('// unroll\nfor (var i = 0; i < 1; i++) { a[i] = 1.0; }', {}), /const i = 0;/);
});

test('a marked loop without a constant bound, or not closed, is an error', () => {
  const loop = (end: string) => `// unroll\nfor (var i = 0u; i < ${end}; i++) { a += 1.0; }`;
  assert.throws(() => specialise(loop('shape.size'), {}), /cannot unroll a loop from 0u to shape\.size/);
  assert.throws(() => specialise(loop('N'), { N: 3 }), /cannot unroll a loop from 0u to N/);
  assert.throws(() => specialise('\n// unroll\nfor (var i = 0u; i < 2u; i++) { a += 1.0;', {}), /line 2: .*not closed/);
  const twoValues =
    'fn f() {\nconst n = 2u;\n}\nfn g() {\nconst n = 3u;\n// unroll\nfor (var i = 0u; i < n; i++) { a += 1.0; }\n}';
  assert.throws(() => specialise(twoValues, {}), /cannot unroll a loop from 0u to n/);
});

test.run();
