import matmulKernel from '../../shaders/tensor/matmul.wgsl';
import sumSlicesKernel from '../../shaders/tensor/sum_slices.wgsl';
import { Tensor } from '../tensor/tensor';
import { linearGrid } from './grid';
import { apply, type Op } from './op';
import { misfit } from './shape';

const TILE = 32; // rows and columns of a workgroup
const SLICE = 1024; // of the inner axis, from which on it is cut, and about the length of a slice
const MOST_SLICES = 64;

/** Which operand of a product is transposed first; default none. */
export interface Transposed {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** `matmul` as an operation. */
export const matmulOp: Op<'a' | 'b', Transposed, 'a' | 'b'> = {
  name: 'matmul',
  saves: ['a', 'b'],
  forward: ({ a, b }, transposed) => product(a, b, transposed),
  backward: (dy, { a, b }, { transposeA = false, transposeB = false }) => ({
    a: () =>
      transposeA
        ? product(b, dy, { transposeA: transposeB, transposeB: true })
        : product(dy, b, { transposeB: !transposeB }),
    b: () =>
      transposeB
        ? product(dy, a, { transposeA: true, transposeB: transposeA })
        : product(a, dy, { transposeA: !transposeA }),
  }),
};

/**
 * The product of matrices: (M, K) x (K, N) -> (M, N).
 *
 * @param transposed `transposeA`: a is (K, M); `transposeB`: b is (N, K)
 * @throws PyramidFlowError ShapeError for operands that are no matrices, or do not fit
 * @example
 * const gram = matmul(x, x, { transposeB: true }); // (N, D) -> (N, N)
 */
export const matmul = (a: Tensor, b: Tensor, transposed: Transposed = {}): Tensor => apply(matmulOp, { a, b }, transposed);

function product(a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: Transposed): Tensor {
  const [rows = 0, inner = 0] = transposeA ? a.shape.toReversed() : a.shape;
  const [bInner, columns = 0] = transposeB ? b.shape.toReversed() : b.shape;
  if (a.shape.length !== 2 || b.shape.length !== 2 || inner !== bInner) {
    const expected = `(${transposeA ? 'K, M' : 'M, K'}) and (${transposeB ? 'N, K' : 'K, N'})`;
    throw misfit('matmul', { a, b }, `pass ${expected}`);
  }
  const wanted = Math.min(MOST_SLICES, Math.ceil(inner / SLICE));
  const sliceLength = Math.ceil(inner / wanted / 16) * 16;
  const slices = Math.ceil(inner / sliceLength);
  const y = Tensor.empty(a.gpu, slices === 1 ? [rows, columns] : [slices, rows, columns], 'matmul');
  a.gpu.run(matmulKernel, {
    tensors: { a, b, y },
    uniforms: { rows, inner, columns, sliceLength },
    constants: { TRANSPOSE_A: Number(transposeA), TRANSPOSE_B: Number(transposeB) },
    grid: [Math.ceil(columns / TILE), Math.ceil(rows / TILE), slices],
  });
  if (slices === 1) return y;
  const total = Tensor.empty(a.gpu, [rows, columns], 'matmul');
  a.gpu.run(sumSlicesKernel, {
    tensors: { x: y, y: total },
    uniforms: { slices, size: total.size },
    grid: linearGrid(total.size),
  });
  y.free();
  return total;
}
