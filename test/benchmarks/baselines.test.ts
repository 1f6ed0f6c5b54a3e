import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { convolutionModel } from '../../benchmarks/baselines/onnx-model';
import { permuted } from '../../benchmarks/baselines/tfjs';

type Field = number | Uint8Array;

/** The fields of a protobuf message by number, in order: whole numbers, or the bytes of texts, tensors and messages. */
function fields(bytes: Uint8Array): Map<number, Field[]> {
  const found = new Map<number, Field[]>();
  let at = 0;
  const varint = () => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const value = varint();
    const field = key % 8 === 2 ? bytes.slice(at, (at += value)) : value;
    found.set(key >> 3, [...(found.get(key >> 3) ?? []), field]);
  }
  return found;
}

const message = (field: Field) => fields(field as Uint8Array);
const text = (field: Field) => new TextDecoder().decode(field as Uint8Array);

test('the ONNX file holds the convolution as often as asked, its operands and its padding', () => {
  const x = { shape: [2, 3, 5, 200], values: Float32Array.from({ length: 6000 }, (_, i) => i / 7) };
  const w = { shape: [4, 3, 7, 7], values: Float32Array.from({ length: 588 }, (_, i) => -i) };
  const model = fields(convolutionModel({ operator: 'Conv', x, w, times: 3 }));
  const graph = message(model.get(7)![0]);
  const nodes = graph.get(1)!.map(message);
  assert.equal(
    nodes.map((node) => text(node.get(4)![0])),
    ['Conv', 'Conv', 'Conv', 'Slice', 'Slice', 'Slice', 'Concat'],
  );
  assert.equal(nodes[0].get(1)!.map(text), ['x', 'w']);
  const attributes = nodes[0].get(5)!.map(message);
  assert.equal(
    attributes.map((attribute) => [text(attribute.get(1)![0]), attribute.get(8)]),
    [
      ['kernel_shape', [7, 7]],
      ['pads', [3, 3, 3, 3]],
    ],
  );
  const constants = graph.get(5)!.map(message);
  for (const [i, { shape, values }] of [x, w].entries()) {
    assert.equal(constants[i].get(1), shape);
    assert.equal(new Float32Array((constants[i].get(9)![0] as Uint8Array).buffer), values);
  }
  assert.equal(
    graph.get(12)!.map((output) => text(message(output).get(1)![0])),
    ['y', 'tails'],
  );
});

test('axes are put in another order and back', () => {
  const values = Float32Array.from({ length: 120 }, (_, i) => i);
  const last = permuted(values, [2, 3, 4, 5], [0, 2, 3, 1]);
  assert.equal([...last.slice(0, 4)], [0, 20, 40, 1]); // the channels of the first pixel, then the next
  assert.equal(permuted(last, [2, 4, 5, 3], [0, 3, 1, 2]), values);
});

test.run();
