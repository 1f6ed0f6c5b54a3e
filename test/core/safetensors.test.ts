import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readSafetensors, type Safetensor } from '../../src/core/safetensors';
import { writeSafetensors } from '../../src/core/write-safetensors';

/** A file from any header, valid or not, and a number of data bytes. */
function fileOf(header: unknown, dataLength: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataLength);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 8);
  return bytes;
}

const entry = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

test('what is written is read back: every dtype, scalars, empty tensors, odd names, metadata', () => {
  const tensors = new Map<string, Safetensor>([
    ['bytes', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 255) }], // leaves what follows unaligned
    ['weight', { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, -0, NaN, Infinity) }],
    ['scalar', { dtype: 'F64', shape: [], data: Float64Array.of(Math.PI) }],
    ['empty', { dtype: 'I32', shape: [0, 7], data: new Int32Array(0) }],
    ['long', { dtype: 'I64', shape: [1], data: BigInt64Array.of(-(2n ** 60n)) }],
    ['ulong', { dtype: 'U64', shape: [1], data: BigUint64Array.of(2n ** 63n) }],
    ['flags', { dtype: 'BOOL', shape: [2], data: Uint8Array.of(0, 1) }],
    ['short', { dtype: 'I16', shape: [1], data: Int16Array.of(-2) }],
    ['ushort', { dtype: 'U16', shape: [1], data: Uint16Array.of(65535) }],
    ['byte', { dtype: 'I8', shape: [1], data: Int8Array.of(-128) }],
    ['uint', { dtype: 'U32', shape: [1], data: Uint32Array.of(2 ** 32 - 1) }],
    ['__proto__', { dtype: 'U8', shape: [1], data: Uint8Array.of(7) }],
    ['quote " brace } größe', { dtype: 'U8', shape: [1], data: Uint8Array.of(8) }],
  ]);
  const metadata = { config: '{"a": "}"}', note: 'naïve' };
  const bytes = writeSafetensors(tensors, metadata);
  for (const copy of [bytes, Buffer.from(bytes), new Uint8Array([9, ...bytes]).subarray(1)]) {
    const file = readSafetensors(copy);
    assert.equal(file.metadata, metadata);
    assert.equal([...file.tensors.keys()], [...tensors.keys()]);
    for (const [name, { dtype, shape, data }] of tensors) {
      const read = file.tensors.get(name)!;
      assert.equal([read.dtype, read.shape, read.data.length], [dtype, shape, data.length], name);
      data.forEach((value, i) => assert.ok(Object.is(read.data[i], value), `${name}[${i}]`));
    }
  }
});

test('the bytes are deterministic, laid out as the format says and aligned', () => {
  const tensors = new Map<string, Safetensor>([['x', { dtype: 'F32', shape: [1], data: Float32Array.of(1) }]]);
  const bytes = writeSafetensors(tensors);
  assert.equal(bytes, writeSafetensors(new Map(tensors)));
  const headerLength = new DataView(bytes.buffer).getUint32(0, true);
  assert.is(headerLength % 8, 0);
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + headerLength));
  assert.is(text.trimEnd(), '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
  assert.equal([...bytes.subarray(8 + headerLength)], [0, 0, 0x80, 0x3f]);
});

test('writes only the part of a buffer that a view covers', () => {
  const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
  const file = readSafetensors(writeSafetensors(new Map([['x', { dtype: 'F32' as const, shape: [2], data }]])));
  assert.equal([...file.tensors.get('x')!.data], [2, 3]);
});

test('reads a file by another writer, without copying aligned data', () => {
  const bytes = new Uint8Array(readFileSync('test/fixtures/metrics/tiny.safetensors'));
  const { tensors, metadata } = readSafetensors(bytes);
  assert.equal(tensors.get('in.maps')!.shape, [3, 8, 8]);
  assert.is(tensors.get('in.maps')!.data.buffer, bytes.buffer);
  assert.is(JSON.parse(metadata.case).op, 'metrics');
});

test('a file without tensors is valid', () => {
  assert.is(readSafetensors(fileOf('{}', 0)).tensors.size, 0);
  assert.is(readSafetensors(writeSafetensors(new Map())).tensors.size, 0);
});

const huge = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 0x7b, 0x7d);
const damagedFiles: [string, Uint8Array, RegExp][] = [
  ['no bytes', new Uint8Array(0), /0 bytes is too short/],
  ['half a length', new Uint8Array(7), /7 bytes is too short/],
  ['an absurd length', huge, /header of 18446744073709551615 bytes does not fit a file of 10 bytes/],
  ['a cut header', fileOf({ a: entry(0, 4) }, 4).subarray(0, 30), /header of \d+ bytes does not fit a file of 30/],
  ['an empty header', fileOf('', 0), /not valid JSON/],
  ['broken JSON', fileOf('{"a": ', 0), /not valid JSON/],
  ['broken UTF-8', Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xff, 0xfe, 0x22), /not valid JSON/],
  ['an array', fileOf('[]', 0), /not a JSON object/],
  ['null', fileOf('null', 0), /not a JSON object/],
  ['metadata of numbers', fileOf({ __metadata__: { a: 1 } }, 0), /__metadata__ is not a table of strings/],
  ['an entry of text', fileOf({ a: 'F32' }, 0), /tensor a: its header entry is not an object/],
  ['an unknown dtype', fileOf({ a: entry(0, 4, [1], 'F8') }, 4), /tensor a: dtype F8 is not one of F64, F32/],
  ['an inherited dtype', fileOf({ a: entry(0, 4, [1], 'toString') }, 4), /tensor a: dtype toString is not one/],
  ['no shape', fileOf({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4), /tensor a: shape undefined/],
  ['a negative size', fileOf({ a: entry(0, 4, [-1]) }, 4), /tensor a: shape \[-1\]/],
  ['a broken size', fileOf({ a: entry(0, 4, [0.5]) }, 4), /tensor a: shape \[0.5\]/],
  ['offsets turned round', fileOf({ a: entry(4, 0, [1]) }, 4), /tensor a: data_offsets \[4,0\]/],
  ['three offsets', fileOf({ a: { ...entry(0, 4), data_offsets: [0, 4, 8] } }, 8), /tensor a: data_offsets \[0,4,8\]/],
  ['a shape too large', fileOf({ a: entry(0, 4, [2]) }, 4), /tensor a: F32 \[2\] takes 8 bytes, its offsets hold 4/],
  ['cut data', fileOf({ a: entry(0, 4), b: entry(4, 12) }, 8), /tensor b: ends at byte 12 of 8/],
  ['an overlap', fileOf({ a: entry(0, 8), b: entry(4, 12) }, 12), /tensor b: begins at byte 4, inside .* ends at 8/],
  ['the same bytes twice', fileOf({ a: entry(0, 4), b: entry(0, 4) }, 4), /tensor b: begins at byte 0, inside/],
  ['a hole', fileOf({ a: entry(0, 4), b: entry(8, 12) }, 12), /tensor b: begins at byte 8, after a hole from 4/],
  ['bytes left over', fileOf({ a: entry(0, 4) }, 7), /3 bytes of data belong to no tensor/],
  [
    'a name twice',
    fileOf(`{"a": ${JSON.stringify(entry(0, 0))}, "\\u0061": ${JSON.stringify(entry(0, 0))}}`, 0),
    /the header names a twice/,
  ],
];

for (const [name, bytes, message] of damagedFiles) {
  test(`refuses ${name}`, () => {
    assert.throws(
      () => readSafetensors(bytes),
      (error: Error) => {
        assert.is(error.name, 'CheckpointError');
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test('refuses to write what could not be read back', () => {
  const data = Float32Array.of(1, 2);
  const write = (name: string, tensor: Safetensor) => () => writeSafetensors(new Map([[name, tensor]]));
  assert.throws(write('a', { dtype: 'F32', shape: [3], data }), /tensor a: 2 values do not fill \[3\]/);
  assert.throws(write('a', { dtype: 'F64', shape: [2], data }), /tensor a: its data is not F64/);
  assert.throws(write('__metadata__', { dtype: 'F32', shape: [2], data }), /a tensor is named __metadata__/);
});

test.run();
