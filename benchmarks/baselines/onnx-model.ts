// A convolution as an ONNX file: just enough of protobuf and onnx.proto (opset 13) to write one.

type Bytes = Uint8Array<ArrayBuffer>;

/** A convolution as the operator of ONNX: `Conv`, or `ConvTranspose` for the gradient to the input. */
export interface OnnxConvolution {
  readonly operator: 'Conv' | 'ConvTranspose';
  readonly x: { readonly shape: readonly number[]; readonly values: Float32Array };
  readonly w: { readonly shape: readonly number[]; readonly values: Float32Array };
  /** how often it is computed in one run */
  readonly times: number;
}

const [FLOAT, INT64] = [1, 7]; // TensorProto.DataType
const [VARINT, BYTES] = [0, 2]; // wire types

/**
 * A model without inputs, whose x and w are constants, so that no run uploads them. Output `y` is the whole result; `tails`
 * holds one value of each repetition: fetching it alone waits for all of them and reads almost nothing back.
 */
export function convolutionModel({ operator, x, w, times }: OnnxConvolution): Bytes {
  const k = w.shape[2];
  const pads = [k >> 1, k >> 1, k >> 1, k >> 1];
  const nameOf = (i: number) => (i === 0 ? 'y' : `y${i}`);
  const all = Array.from({ length: times }, (_, i) => i);
  const nodes = [
    ...all.map((i) =>
      node(operator, ['x', 'w'], nameOf(i), [intsAttribute('kernel_shape', [k, k]), intsAttribute('pads', pads)]),
    ),
    ...all.map((i) => node('Slice', [nameOf(i), 'starts', 'ends'], `tail${i}`, [])),
    node(
      'Concat',
      all.map((i) => `tail${i}`),
      'tails',
      [intAttribute('axis', 0)],
    ),
  ];
  const corner = (name: string, value: bigint) =>
    tensor(name, [4], INT64, new Uint8Array(new BigInt64Array(4).fill(value).buffer));
  const floats = ({ shape, values }: OnnxConvolution['x'], name: string) =>
    tensor(name, shape, FLOAT, new Uint8Array(values.slice().buffer));
  const graph = message(
    ...nodes.map((bytes) => field(1, bytes)),
    field(2, text('convolution')),
    ...[floats(x, 'x'), floats(w, 'w'), corner('starts', 0n), corner('ends', 1n)].map((bytes) => field(5, bytes)),
    ...['y', 'tails'].map((name) => field(12, output(name))),
  );
  return message(field(1, 8), field(2, text('pyramidflow')), field(7, graph), field(8, message(field(2, 13))));
}

const node = (operator: string, inputs: readonly string[], result: string, attributes: readonly Bytes[]): Bytes =>
  message(
    ...inputs.map((name) => field(1, text(name))),
    field(2, text(result)),
    field(3, text(`make ${result}`)),
    field(4, text(operator)),
    ...attributes.map((bytes) => field(5, bytes)),
  );

const intAttribute = (name: string, value: number): Bytes => message(field(1, text(name)), field(3, value), field(20, 2));

const intsAttribute = (name: string, values: readonly number[]): Bytes =>
  message(field(1, text(name)), ...values.map((value) => field(8, value)), field(20, 7));

const tensor = (name: string, shape: readonly number[], type: number, data: Bytes): Bytes =>
  message(...shape.map((size) => field(1, size)), field(2, type), field(8, text(name)), field(9, data));

/** Of floats, with four axes of any size. */
const output = (name: string): Bytes => {
  const axes = message(...[0, 1, 2, 3].map((axis) => field(1, message(field(2, text(`${name}${axis}`))))));
  return message(field(1, text(name)), field(2, message(field(1, message(field(1, FLOAT), field(2, axes))))));
};

const text = (words: string): Bytes => new Uint8Array(new TextEncoder().encode(words));

function field(number: number, value: number | Bytes): Bytes {
  if (typeof value === 'number') return message(varint((number << 3) | VARINT), varint(value));
  return message(varint((number << 3) | BYTES), varint(value.length), value);
}

function varint(value: number): Bytes {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Uint8Array.from([...bytes, value]);
}

function message(...parts: readonly Bytes[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
