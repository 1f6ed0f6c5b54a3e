import assert from 'node:assert/strict';
import { PyramidFlowError } from '../../../src/core/errors';
import type { Random } from '../../../src/core/random';
import { modelSize, parseSize } from '../../../src/image/size';
import { sizeStep } from '../../../src/pyramidflow/config';
import { chance, EDGES, mutateBytes, pick } from '../mutate';
import { target } from '../target';

/** Of a side of what a model sees. */
const LARGEST = 2 ** 14;
const IMAGES = [
  { height: 1000, width: 1500 },
  { height: 1, width: 1 },
  { height: 1, width: 16383 },
  { height: 16383, width: 2 },
];
const encode = (text: string) => new TextEncoder().encode(text);

function generate(random: Random): string {
  const number = () =>
    pick(random, [
      String(pick(random, EDGES)),
      String(random.integer(2000)),
      '9'.repeat(random.integer(400)),
      '00',
      '+1',
      '1e3',
      '0x10',
      '1_000',
      '１',
      '',
      ' ',
      '1.0',
      'NaN',
      'Infinity',
      '\n',
    ]);
  return chance(random, 2) ? number() : [number(), number()].join(pick(random, ['x', 'X', '×', ' x ', 'xx', ',']));
}

export const size = target({
  name: 'size',
  refusals: ['UsageError'],
  generate: (random) => (chance(random, 3) ? mutateBytes(encode(generate(random)), random) : encode(generate(random))),
  read: (bytes) => parseSize(new TextDecoder().decode(bytes)),
  check: (request) => {
    for (const side of Object.values(request))
      assert.ok(Number.isInteger(side) && side >= 1 && side <= LARGEST, `a side of ${side}`);
    for (const image of IMAGES) {
      for (const levels of [2, 8]) checkModelSize(() => modelSize(request, image, levels).size, sizeStep(levels));
    }
  },
});

function checkModelSize(make: () => object, step: number): void {
  try {
    for (const side of Object.values(make())) {
      assert.ok(Number.isInteger(side) && side >= step && side % step === 0, `a model side of ${side}`);
      assert.ok(side <= 2 * LARGEST, `a model side of ${side}`);
    }
  } catch (error) {
    if (!(error instanceof PyramidFlowError) || error.code !== 'ShapeError') throw error;
  }
}
