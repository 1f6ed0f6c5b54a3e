import { CLAMP, softClampOp } from '../ops/activation';
import { affineGradient, applyAffine } from '../ops/affine';
import { inverseMixingWeight, luWeightOp, mixingWeight } from '../ops/mixing';
import { meanShape, subtractMean, type VolumeNorm, volumeMean } from '../ops/volume-norm';
import type { Check, Comparison, Lab, Sample } from './check';
import { product } from './reference';

/** Checks of the blocks, from the output of the coupling network to the mixed level. */
export const FLOW_CHECKS: readonly Check[] = [
  {
    name: 'soft clamp',
    kernels: ['soft_clamp', 'soft_clamp_gradient'],
    tolerance: 1e-6,
    async run(lab) {
      const values = Float64Array.from({ length: 2 * 6 * 35 }, (_, i) => 4 * Math.tan(((i + 0.5) / 420 - 0.5) * Math.PI));
      const x = lab.given([2, 6, 5, 7], values);
      const dy = lab.sample([2, 3, 5, 7]);
      const attributes = { channels: 3, alpha: CLAMP };
      const head = (input: Float64Array) =>
        [input.subarray(0, 105), input.subarray(210, 315)].flatMap((channels) => [...channels]);
      const reference = (input: Float64Array) =>
        Float64Array.from(head(input), (value) => CLAMP * 0.636 * Math.atan(value / CLAMP));
      const y = softClampOp.forward({ x: x.tensor }, attributes);
      const dx = softClampOp.backward(dy.tensor, { x: x.tensor }, attributes).x!();
      return [
        { what: 'the result', actual: y, expected: reference(x.values) },
        await lab.gradient('the gradient', reference, x.values, dy.values, dx),
      ];
    },
  },
  {
    name: 'volume normalization',
    kernels: ['mean_over_channels', 'mean_over_space', 'subtract_mean'],
    tolerance: 1e-5,
    run(lab) {
      return (['CVN', 'SVN'] as const).flatMap((kind): Comparison[] => {
        const x = lab.sample([2, 5, 9, 8]);
        const group = (at: number) => (kind === 'CVN' ? at % 72 : Math.floor(at / 72) % 5);
        const means = new Float64Array(kind === 'CVN' ? 72 : 5);
        x.values.forEach((value, at) => (means[group(at)]! += (value * means.length) / x.values.length));
        const mean = volumeMean(x.tensor, kind);
        subtractMean(x.tensor, mean, kind);
        return [
          { what: `the mean of ${kind}`, actual: mean, expected: means, magnitude: 1 },
          {
            what: `the result of ${kind}`,
            actual: x.tensor,
            expected: x.values.map((value, at) => value - means[group(at)]!),
          },
        ];
      });
    },
  },
  {
    name: 'affine coupling',
    kernels: ['affine', 'affine_gradient'],
    tolerance: 1e-5,
    run: async (lab) => [...(await checkAffine(lab, 'CVN')), ...(await checkAffine(lab, 'SVN'))],
  },
  {
    name: '1x1 mixing',
    kernels: ['mixing_matrix', 'mixing_inverse', 'mixing_gradient_lower', 'mixing_gradient_upper'],
    tolerance: 1e-5,
    run: checkMixing,
  },
];

/** x (1, 3, 4, 5) with log scale and shift of twice its size, as in a `down` block. */
async function checkAffine(lab: Lab, kind: VolumeNorm): Promise<Comparison[]> {
  const [x, s, network, dy, mean] = [
    [1, 3, 4, 5],
    [1, 3, 8, 10],
    [1, 6, 8, 10],
    [1, 3, 4, 5],
    meanShape(kind, [1, 3, 8, 10]),
  ].map((shape) => lab.sample(shape));
  const large = (at: number) => Math.floor(at / 20) * 80 + 20 * (Math.floor(at / 5) % 4) + 2 * (at % 5);
  const meanAt = (at: number) => mean!.values[kind === 'CVN' ? large(at) % 80 : Math.floor(at / 20)]!;
  const reference = (input: Float64Array, scale: Float64Array) =>
    input.map((value, at) => Math.exp(scale[large(at)]! - meanAt(at)) * value + network!.values[240 + large(at)]!);
  const logScale = { values: s!.tensor, mean: mean!.tensor, kind };
  const y = x!.tensor.copy();
  applyAffine(y, logScale, network!.tensor, 'forward');
  const back = y.copy();
  applyAffine(back, logScale, network!.tensor, 'inverse');
  const [input, dx, ds] = [y.copy(), dy!.tensor.copy(), s!.tensor.copy()];
  const dNetwork = network!.tensor.copy();
  affineGradient(input, dx, { ...logScale, values: ds }, dNetwork, true);
  const dShift = network!.values.map((value, at) => (at < 240 ? value : 0));
  dy!.values.forEach((value, at) => (dShift[240 + large(at)] = value));
  return [
    { what: 'the result', actual: y, expected: reference(x!.values, s!.values) },
    { what: 'the inverse', actual: back, expected: x!.values },
    { what: 'the restored input', actual: input, expected: x!.values },
    { what: 'the gradient to the shift', actual: dNetwork, expected: dShift },
    await lab.gradient('the gradient to x', (values) => reference(values, s!.values), x!.values, dy!.values, dx),
    await lab.gradient('the gradient to the log scale', (values) => reference(x!.values, values), s!.values, dy!.values, ds),
  ];
}

async function checkMixing(lab: Lab): Promise<Comparison[]> {
  const size = 11;
  const identity = Float64Array.from({ length: size * size }, (_, at) => Number(at % (size + 1) === 0));
  const strict = (keep: (row: number, column: number) => boolean) => (value: number, at: number) =>
    keep(Math.floor(at / size), at % size) ? value : 0;
  const small = (sample: Sample) =>
    lab.given(
      sample.tensor.shape,
      sample.values.map((value) => 0.3 * value),
    );
  const [lower, upper, logS] = [lab.sample([size, size]), lab.sample([size, size]), lab.sample([size])].map(small);
  const sign = lab.given([size], logS!.values.map(Math.sign));
  const perm = lab.given(
    [size, size],
    identity.map((_, at) => Number((Math.floor(at / size) + 4) % size === at % size)),
  );
  const reference = (l: Float64Array, s: Float64Array, u: Float64Array) => {
    const mean = s.reduce((a, b) => a + b) / size;
    const left = l.map(strict((row, column) => row > column)).map((value, at) => value + identity[at]!);
    const right = u
      .map(strict((row, column) => row < column))
      .map((value, at) => value + identity[at]! * sign.values[at % size]! * Math.exp(s[at % size]! - mean));
    return product(product(perm.values, left, size, size), right, size, size);
  };
  const lu = { lower: lower!.tensor, logS: logS!.tensor, upper: upper!.tensor, perm: perm.tensor, sign: sign.tensor };
  const dw = lab.sample([size, size]);
  const gradient = luWeightOp.backward(dw.tensor, lu);
  const w = reference(lower!.values, logS!.values, upper!.values);
  const inverse = await inverseMixingWeight(lu).read();
  return [
    { what: 'the matrix', actual: mixingWeight(lu), expected: w },
    { what: 'matrix times inverse', actual: product(w, inverse, size, size), expected: identity },
    await lab.gradient(
      'the gradient to the lower factor',
      (l) => reference(l, logS!.values, upper!.values),
      lower!.values,
      dw.values,
      gradient.lower!(),
    ),
    await lab.gradient(
      'the gradient to log s',
      (s) => reference(lower!.values, s, upper!.values),
      logS!.values,
      dw.values,
      gradient.logS!(),
    ),
    await lab.gradient(
      'the gradient to the upper factor',
      (u) => reference(lower!.values, logS!.values, u),
      upper!.values,
      dw.values,
      gradient.upper!(),
    ),
  ];
}
