import { test } from 'uvu';
import { softClamp } from '../../src/ops/activation';
import { affine } from '../../src/ops/affine';
import { addBias } from '../../src/ops/bias';
import { blur } from '../../src/ops/blur';
import { broadcast, sumTo } from '../../src/ops/broadcast';
import { channels, concat, gatherChannels } from '../../src/ops/channels';
import { conv2d } from '../../src/ops/conv/convolve';
import { linear } from '../../src/ops/linear';
import { mul } from '../../src/ops/math';
import { matmul } from '../../src/ops/matmul';
import { nearest } from '../../src/ops/nearest';
import { compose, down, pyramid } from '../../src/ops/pyramid';
import { permute, reshape, squeeze, unsqueeze } from '../../src/ops/rearrange';
import { volumeNorm } from '../../src/ops/volume-norm';
import { condition } from '../../src/pyramidflow/coupling-network';
import type { Shape, Tensor } from '../../src/tensor/tensor';
import { assertRejects } from '../support/assert-rejects';
import { randomTensor } from '../support/gpu';

// What does not fit is refused by the operation's name, with the tensors and their shapes.

const SVN = { kind: 'SVN', training: false } as const;
const size = { height: 4, width: 4 };

const CASES: readonly (readonly [shapes: readonly Shape[], run: (...x: Tensor[]) => unknown, problem: RegExp])[] = [
  [
    [
      [2, 3],
      [4, 3],
    ],
    mul,
    /^mul: a = x0 \[2, 3\] and b = x1 \[4, 3\] do not fit/,
  ],
  [[[2, 3]], (x) => broadcast(x, [2, 4]), /^broadcast: x = x0 \[2, 3\] cannot become \[2, 4\]/],
  [[[2, 3]], (x) => broadcast(x, [3]), /^broadcast: x = x0 \[2, 3\] cannot become \[3\]/],
  [[[1]], (x) => broadcast(x, [1, 2, 1, 2, 1, 2, 1]), /^broadcast: .* has 7 axes/],
  [[[2, 3]], (x) => sumTo(x, [2]), /^sumTo: x = x0 \[2, 3\] cannot become \[2\]/],
  [
    [
      [2, 3],
      [2, 3, 1],
    ],
    (...x) => concat(x),
    /^concat: 0 = x0 \[2, 3\] and 1 = x1 \[2, 3, 1\] do not fit/,
  ],
  [
    [
      [2, 3],
      [3, 3],
    ],
    (...x) => concat(x),
    /^concat: 0 = x0 \[2, 3\] and 1 = x1 \[3, 3\] do not fit/,
  ],
  [[[2]], (...x) => concat(x), /^concat: x0 \[2\] has no axis 1/],
  [[[2, 3]], (x) => channels(x, 1, 4), /^channels: x = x0 \[2, 3\] has no channels from 1 to 3/],
  [[[2, 3]], (x) => channels(x, 2, 2), /^channels: /],
  [[[2]], (x) => channels(x, 0, 1), /^channels: x = x0 \[2\] has no channels/],
  [
    [[2, 3]],
    (x) => gatherChannels(x, [0, 1, 1]),
    /^gatherChannels: \[0, 1, 1\] is no order of the channels of x = x0 \[2, 3\]/,
  ],
  [[[2, 3]], (x) => gatherChannels(x, [3, 1, 2]), /^gatherChannels: /],
  [[[2, 3]], (x) => reshape(x, [5]), /^reshape: x = x0 \[2, 3\] has 6 elements, \[5\] 5/],
  [[[2, 3]], (x) => permute(x, [0, 0]), /^permute: \[0, 0\] is no order of the axes of x = x0 \[2, 3\]/],
  [[[1, 1, 3, 4]], (x) => squeeze(x), /^squeeze: 2 does not divide the sides of x = x0 \[1, 1, 3, 4\]/],
  [[[1, 3, 3, 4]], (x) => unsqueeze(x), /^unsqueeze: 2\^2 does not divide the channels of x = x0 \[1, 3, 3, 4\]/],
  [
    [
      [2, 3],
      [2, 3],
    ],
    (a, b) => matmul(a, b),
    /^matmul: a = x0 \[2, 3\] and b = x1 \[2, 3\] do not fit; pass \(M, K\)/,
  ],
  [[[2, 3], [3]], (a, b) => matmul(a, b), /^matmul: /],
  [
    [
      [2, 3],
      [4, 2],
    ],
    (x, w) => linear(x, w),
    /^linear: x = x0 \[2, 3\] and w = x1 \[4, 2\] do not fit/,
  ],
  [[[2, 3], [2]], addBias, /^addBias: x = x0 \[2, 3\] and bias = x1 \[2\] do not fit/],
  [
    [
      [1, 3, 4, 4],
      [2, 4, 3, 3],
    ],
    (x, w) => conv2d(x, w),
    /^conv2d: x = x0 \[1, 3, 4, 4\] and w = x1 \[2, 4, 3, 3\] do not fit/,
  ],
  [
    [[1, 3, 4, 4], [2, 3, 3, 3], [3]],
    (x, w, bias) => conv2d(x, w, { bias }),
    /^addBias: x = conv2d \[1, 2, 4, 4\] and bias = x2/,
  ],
  [[[3, 4, 4]], blur, /^blur: expected x0 as \[N, C, H, W\], got \[3, 4, 4\]/],
  [[[1, 1, 4, 4]], (x) => nearest(x, 6, 4), /^nearest: x0 \[1,1,4,4\] cannot be resized from 4 to 6/],
  [[[1, 1, 5, 4]], (x) => down(x), /even sides for down, got x0 of 5x4/],
  [[[1, 1, 6, 4]], (x) => pyramid(x, 3), /multiples of 4 for 3 levels, got x0 of 6x4/],
  [
    [
      [1, 1, 4, 4],
      [1, 2, 2, 2],
    ],
    (...bands) => compose(bands),
    /^up: expected x0 as \[1, 2, 4, 4\], got \[1, 1, 4, 4\]/,
  ],
  [[[1, 2, 4, 4]], (x) => softClamp(x, { channels: 3 }), /^softClamp: x = x0 \[1, 2, 4, 4\] has no 3 channels/],
  [
    [
      [1, 2, 4, 4],
      [1, 3, 1, 1],
    ],
    (x, mean) => volumeNorm(x, mean, SVN),
    /^SVN volume normalization: expected x1/,
  ],
  [
    [
      [1, 2, 4, 4],
      [2, 2, 4, 4],
      [1, 4, 4, 4],
      [1, 2, 1, 1],
    ],
    (x, s, t, mean) => affine(x, s, t, mean, SVN),
    /^affine: x = affine \[1, 2, 4, 4\] and logScale = x1 \[2, 2, 4, 4\] do not fit/,
  ],
  [
    [
      [1, 2, 4, 4],
      [1, 2, 6, 6],
      [1, 4, 6, 6],
      [1, 2, 1, 1],
    ],
    (x, s, t, mean) => affine(x, s, t, mean, SVN),
    /^affine: x = affine .* logScale = x1/,
  ],
  [
    [
      [1, 2, 4, 4],
      [1, 2, 8, 8],
      [1, 4, 8, 4],
      [1, 2, 1, 1],
    ],
    (x, s, t, mean) => affine(x, s, t, mean, SVN),
    /^affine: x = affine \[1, 2, 4, 4\] and network = x2 \[1, 4, 8, 4\] do not fit/,
  ],
  [
    [
      [1, 2, 4, 4],
      [1, 3, 2, 2],
    ],
    (...x) => condition(x, size),
    /^condition: 0 = x0 \[1, 2, 4, 4\] and 1 = x1 \[1, 3, 2, 2\]/,
  ],
  [
    [
      [1, 2, 4, 4],
      [2, 2, 2, 2],
    ],
    (...x) => condition(x, size),
    /x1 \[2,2,2,2\] does not fit into channels 2 to 3 of condition/,
  ],
];

for (const [shapes, run, problem] of CASES) {
  test(`${shapes.map((shape) => `[${shape}]`).join(', ')}: ${problem.source.slice(0, 30)}`, () =>
    assertRejects(() => run(...shapes.map((shape, i) => randomTensor(shape, `x${i}`))), 'ShapeError', problem));
}

test.run();
