import { test } from 'uvu';
import { copyChannels } from '../../src/ops/channels';
import { assertClose } from '../support/assert-close';
import { randomTensor } from '../support/gpu';

interface Case {
  readonly batch: number;
  readonly channels: readonly [x: number, y: number];
  readonly space: readonly [number, number];
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

const CASES: readonly Case[] = [
  { batch: 1, channels: [1, 1], space: [1, 1], from: 0, to: 0, count: 1 },
  { batch: 2, channels: [3, 5], space: [5, 7], from: 1, to: 3, count: 2 },
  { batch: 3, channels: [6, 2], space: [1, 65], from: 4, to: 0, count: 2 },
  { batch: 2, channels: [4, 4], space: [13, 11], from: 0, to: 0, count: 4 },
];

for (const { batch, channels, space, from, to, count } of CASES) {
  test(`${count} of ${channels[0]} channels from ${from} on become ${to} and on of ${channels[1]}, [${batch},.,${space}]`, async () => {
    const [x, y] = [randomTensor([batch, channels[0], ...space], 'x'), randomTensor([batch, channels[1], ...space], 'y')];
    const [xs, expected] = [await x.read(), await y.read()];
    const plane = space[0] * space[1];
    for (let n = 0; n < batch; n++) {
      for (let c = 0; c < count; c++) {
        const start = (n * channels[0] + from + c) * plane;
        expected.set(xs.subarray(start, start + plane), (n * channels[1] + to + c) * plane);
      }
    }
    copyChannels(x, from, y, to, count);
    assertClose(await y.read(), expected, 0, 'y');
    assertClose(await x.read(), xs, 0, 'x after');
  });
}

test.run();
