import lowerGradientKernel from '../../shaders/flow/mixing_gradient_lower.wgsl';
import upperGradientKernel from '../../shaders/flow/mixing_gradient_upper.wgsl';
import inverseKernel from '../../shaders/flow/mixing_inverse.wgsl';
import matrixKernel from '../../shaders/flow/mixing_matrix.wgsl';
import { Tensor } from '../tensor/tensor';
import { linearGrid } from './grid';
import { apply, type Op } from './op';

/** The LU factors of a C x C matrix: lower, upper, perm (C, C), of which the strict triangles count; logS, sign (C). */
export type LuTensors = Readonly<Record<'lower' | 'logS' | 'upper' | 'perm' | 'sign', Tensor>>;

/**
 * w = P (L + I) (U + diag(sign * exp(logS - mean(logS)))), so that |det w| = 1: the weight (C, C, 1, 1) of a 1x1 convolution.
 */
export function mixingWeight(lu: LuTensors): Tensor {
  const size = lu.logS.size;
  const w = Tensor.empty(lu.logS.gpu, [size, size, 1, 1], 'mixing weight');
  lu.logS.gpu.run(matrixKernel, {
    tensors: { ...lu, w },
    uniforms: {},
    constants: { SIZE: size },
    grid: linearGrid(size * size),
  });
  return w;
}

/** The inverse of `mixingWeight`, (C, C, 1, 1), by substitution in the triangular factors. */
export function inverseMixingWeight(lu: LuTensors): Tensor {
  const size = lu.logS.size;
  const inverse = Tensor.empty(lu.logS.gpu, [size, size, 1, 1], 'inverse mixing weight');
  lu.logS.gpu.run(inverseKernel, {
    tensors: { ...lu, inverse },
    uniforms: {},
    constants: { SIZE: size },
    grid: linearGrid(size),
  });
  return inverse;
}

/** `mixingWeight` as an operation. perm and sign have no gradient. */
export const luWeightOp: Op<keyof LuTensors, void, keyof LuTensors> = {
  name: 'luWeight',
  saves: ['lower', 'logS', 'upper', 'perm', 'sign'],
  forward: (lu) => mixingWeight(lu),
  backward(dw, lu) {
    let made: ReturnType<typeof upperGradients> | undefined;
    const upper = () => (made ??= upperGradients(dw, lu));
    return { lower: () => lowerGradient(dw, lu), logS: () => upper().dLogS, upper: () => upper().dUpper };
  },
};

/** `mixingWeight`, recorded. */
export const luWeight = (lu: LuTensors): Tensor => apply(luWeightOp, lu, undefined);

function lowerGradient(dw: Tensor, { logS, upper, perm, sign }: LuTensors): Tensor {
  const { gpu, size } = logS;
  const dLower = Tensor.empty(gpu, [size, size], 'dlower');
  gpu.run(lowerGradientKernel, {
    tensors: { logS, upper, perm, sign, dw, dLower },
    uniforms: {},
    constants: { SIZE: size },
    grid: linearGrid(size * size),
  });
  return dLower;
}

function upperGradients(dw: Tensor, { lower, logS, perm, sign }: LuTensors) {
  const { gpu, size } = logS;
  const dUpper = Tensor.empty(gpu, [size, size], 'dupper');
  const dLogS = Tensor.empty(gpu, [size], 'dlogS');
  gpu.run(upperGradientKernel, {
    tensors: { lower, logS, perm, sign, dw, dUpper, dLogS },
    uniforms: {},
    constants: { SIZE: size },
    grid: [1, 1, 1],
  });
  return { dUpper, dLogS };
}
