import { ADAM_DEFAULTS, Adam } from '../autograd/adam';
import { ParameterSet } from '../autograd/parameters';
import { resizeBytes as resizeOnCpu } from '../image/resample';
import { bilinearTaps, PRECISION_BITS } from '../image/taps';
import { blurOp } from '../ops/blur';
import { fft2, inverseFft2Real } from '../ops/fft';
import { IMAGENET, normalizeBytes, resizeBytes, unpackPixels } from '../ops/preprocess';
import { compose, decompose, downOp, upOp } from '../ops/pyramid';
import { uploadBytes } from '../ops/upload-bytes';
import { fourierLossAndGradient } from '../pyramidflow/fourier-loss';
import { pairDifferences, templateDifference } from '../pyramidflow/pair-differences';
import { Tensor } from '../tensor/tensor';
import type { Check, Comparison, Lab } from './check';
import { blurred, fourier, maximumPool, nearestResize } from './reference';

const HALVING = { side: 2, stride: 2, before: 0 };

/** Checks of what comes before and after the network: the input, loss, map and optimizer. */
export const IMAGE_CHECKS: readonly Check[] = [
  {
    name: 'resize of images',
    kernels: ['unpack_bytes', 'resize'],
    tolerance: 0,
    async run(lab) {
      const results: Comparison[] = [];
      for (const [h, w, height, width] of [
        [37, 53, 16, 21],
        [5, 7, 24, 9],
      ]) {
        const bytes = Uint8Array.from({ length: h! * w! * 3 }, (_, i) => (i * 2654435761) >>> 24);
        const taps = [bilinearTaps(h!, height!), bilinearTaps(w!, width!)] as const;
        const resized = resizeBytes(uploadBytes(lab.gpu, bytes, [1, h!, w!]), ...taps, PRECISION_BITS);
        results.push({
          what: `${h}x${w} to ${height}x${width}`,
          actual: resized,
          expected: resizeOnCpu(bytes, h!, w!, height!, width!),
        });
      }
      return results;
    },
  },
  {
    name: 'pixels of a page',
    kernels: ['unpack_pixels'],
    tolerance: 0,
    run(lab) {
      const [height, width, pitch] = [5, 37, 64];
      const pixels = Uint8Array.from({ length: 4 * height * pitch }, (_, i) => (i * 2654435761) >>> 24);
      const expected = Array.from({ length: 3 * height * width }, (_, i) => {
        const pixel = Math.floor(i / 3);
        return pixels[4 * (Math.floor(pixel / width) * pitch + (pixel % width)) + (i % 3)]!;
      });
      const x = Tensor.from(lab.gpu, [height, pitch], new Uint32Array(pixels.buffer), 'pixels');
      return [{ what: 'the colours', actual: unpackPixels(x, width), expected }];
    },
  },
  {
    name: 'normalization of images',
    kernels: ['normalize'],
    tolerance: 1e-6,
    run(lab) {
      const bytes = Uint8Array.from({ length: 2 * 43 * 3 }, (_, i) => i);
      const expected = Float64Array.from(bytes, (_, at) => {
        const [image, channel, pixel] = [Math.floor(at / 129), Math.floor(at / 43) % 3, at % 43];
        return (bytes[(43 * image + pixel) * 3 + channel]! / 255 - IMAGENET.mean[channel]!) / IMAGENET.std[channel]!;
      });
      return [{ what: 'the input', actual: normalizeBytes(uploadBytes(lab.gpu, bytes, [2, 1, 43])), expected }];
    },
  },
  {
    name: 'blur',
    kernels: ['blur'],
    tolerance: 1e-6,
    run(lab) {
      const x = lab.sample([1, 2, 3, 67]);
      return [
        { what: 'the result', actual: blurOp.forward({ x: x.tensor }, undefined), expected: blurred(x.values, 2, 3, 67) },
      ];
    },
  },
  { name: 'pyramid', kernels: ['down', 'up', 'up_gradient'], tolerance: 1e-5, run: checkPyramid },
  {
    name: 'Fourier transform',
    kernels: ['fft_pass', 'fft_pass_prime', 'real_part'],
    tolerance: 1e-5,
    run(lab) {
      return [
        [12, 70], // radices 4, 3 and 2, 5, 7
        [11, 26], // and primes
      ].flatMap(([height, width]) => {
        const x = lab.sample([2, height!, width!]);
        const spectrum = fft2(x.tensor);
        return [
          { what: `the spectrum, ${height}x${width}`, actual: spectrum, expected: fourier(x.values, 2, height!, width!) },
          { what: 'there and back', actual: inverseFft2Real(spectrum, 1 / (height! * width!)), expected: x.values },
        ];
      });
    },
  },
  {
    name: 'Fourier loss',
    kernels: ['fourier_phase', 'pair_differences', 'pair_differences_gradient'],
    tolerance: 1e-5,
    run: checkLoss,
  },
  {
    name: 'differences',
    kernels: ['pair_differences', 'template_difference'],
    tolerance: 1e-5,
    run(lab) {
      const [x, template] = [lab.sample([3, 4, 3, 7]), lab.sample([1, 4, 3, 7])];
      const channelMean = (of: (at: number) => number, pixel: number) =>
        [0, 1, 2, 3].reduce((total, channel) => total + of(channel * 21 + pixel) / 4, 0);
      const pairs = [
        [0, 1],
        [0, 2],
        [1, 2],
      ].flatMap(([a, b]) =>
        Array.from({ length: 21 }, (_, pixel) =>
          channelMean((at) => Math.abs(x.values[a! * 84 + at]! - x.values[b! * 84 + at]!), pixel),
        ),
      );
      const distances = [0, 1, 2].flatMap((image) =>
        Array.from({ length: 21 }, (_, pixel) =>
          channelMean((at) => Math.abs(x.values[image * 84 + at]! - template.values[at]!), pixel),
        ),
      );
      return [
        {
          what: 'differences of pairs',
          actual: pairDifferences.forward({ x: x.tensor }, { power: 1 }),
          expected: pairs,
        },
        {
          what: 'differences to the template',
          actual: templateDifference(x.tensor, template.tensor),
          expected: distances,
        },
      ];
    },
  },
  { name: 'Adam', kernels: ['adam'], tolerance: 1e-5, run: checkAdam },
];

async function checkPyramid(lab: Lab): Promise<Comparison[]> {
  const [x, coarse] = [lab.sample([1, 2, 6, 10]), lab.sample([1, 2, 3, 5])];
  const [dSmall, dLarge] = [lab.sample([1, 2, 3, 5]), lab.sample([1, 2, 6, 10])];
  const smaller = (values: Float64Array) => maximumPool(blurred(values, 2, 6, 10), 2, [6, 10], HALVING);
  const larger = (values: Float64Array) => blurred(nearestResize(values, 2, [3, 5], [6, 10]), 2, 6, 10);
  const bands = decompose(x.tensor, 2);
  const dDown = downOp.backward(dSmall.tensor, { x: x.tensor }, {}).x!();
  const dUp = upOp.backward(dLarge.tensor, {}, undefined).x!();
  const band = larger(smaller(x.values)).map((value, i) => x.values[i]! - value);
  return [
    { what: 'down', actual: downOp.forward({ x: x.tensor }, {}), expected: smaller(x.values) },
    { what: 'up', actual: upOp.forward({ x: coarse.tensor }, undefined), expected: larger(coarse.values) },
    { what: 'the finest band', actual: bands[0]!, expected: band },
    { what: 'the bands composed', actual: compose(bands), expected: x.values },
    await lab.gradient('the gradient of down', smaller, x.values, dSmall.values, dDown),
    await lab.gradient('the gradient of up', larger, coarse.values, dLarge.values, dUp),
  ];
}

async function checkLoss(lab: Lab): Promise<Comparison[]> {
  const [channels, height, width] = [2, 6, 10];
  const pixels = height * width;
  const [fine, coarse] = [lab.sample([2, channels, height, width]), lab.sample([2, channels, height / 2, width / 2])];
  const difference = (z: Float64Array) => z.subarray(0, z.length / 2).map((value, i) => (value - z[z.length / 2 + i]!) ** 2);
  const reference = (z: Float64Array, below: Float64Array): Float64Array => {
    const enlarged = nearestResize(difference(below), channels, [height / 2, width / 2], [height, width]);
    const smooth = blurred(enlarged, channels, height, width);
    const composed = difference(z).map((value, i) => value + smooth[i]!);
    const mean = composed.subarray(0, pixels).map((value, i) => (value + composed[pixels + i]!) / channels);
    const spectrum = fourier(mean, 1, height, width);
    let sum = 0;
    for (let k = 0; k < pixels; k++) sum += Math.hypot(spectrum[2 * k]!, spectrum[2 * k + 1]!);
    return Float64Array.of(sum / pixels);
  };
  const { loss, gradients } = fourierLossAndGradient([fine.tensor, coarse.tensor], 2);
  const one = Float64Array.of(1);
  return [
    { what: 'the loss', actual: loss, expected: reference(fine.values, coarse.values) },
    await lab.gradient('the gradient to level 0', (z) => reference(z, coarse.values), fine.values, one, gradients[0]!),
    await lab.gradient('the gradient to level 1', (z) => reference(fine.values, z), coarse.values, one, gradients[1]!),
  ];
}

/** The first step, on 67 values, with clipping: both moments follow from the gradient. */
async function checkAdam(lab: Lab): Promise<Comparison[]> {
  const { learningRate, betas, epsilon, weightDecay, clipNorm } = ADAM_DEFAULTS;
  const start = lab.sample([67]);
  const parameters = new ParameterSet([{ name: 'x', shape: [67], data: Float32Array.from(start.values) }], lab.gpu);
  const slope = lab.sample([67]);
  parameters.zeroGradients();
  parameters.gradient('x').write(Float32Array.from(slope.values));
  const adam = new Adam(parameters);
  adam.step();
  const clip = Math.min(1, clipNorm / (Math.hypot(...slope.values) + 1e-6));
  const gradient = slope.values.map((value, i) => clip * value + weightDecay * start.values[i]!);
  const moved = await parameters.get('x').read();
  return [
    {
      what: 'the step',
      actual: start.values.map((v, i) => v - moved[i]!),
      expected: gradient.map((g) => (learningRate * g) / (Math.abs(g) + epsilon)),
      magnitude: learningRate * 100,
    },
    {
      what: 'the first moment',
      actual: adam.firstMoments[0]!.view([67]),
      expected: gradient.map((g) => (1 - betas[0]) * g),
    },
    {
      what: 'the second moment',
      actual: adam.secondMoments[0]!.view([67]),
      expected: gradient.map((g) => (1 - betas[1]) * g * g),
    },
  ];
}
