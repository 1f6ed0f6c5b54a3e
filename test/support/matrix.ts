import type { Matrix } from '../../src/core/linear-algebra';

export function product(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.rows * b.columns);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.columns; k++) {
      for (let j = 0; j < b.columns; j++) data[i * b.columns + j] += a.data[i * a.columns + k] * b.data[k * b.columns + j];
    }
  }
  return { rows: a.rows, columns: b.columns, data };
}

export function transposed({ rows, columns, data }: Matrix): Matrix {
  const entry = (_: unknown, at: number) => data[(at % rows) * columns + Math.floor(at / rows)];
  return { rows: columns, columns: rows, data: Float64Array.from({ length: rows * columns }, entry) };
}

export function identity(n: number): Matrix {
  return { rows: n, columns: n, data: Float64Array.from({ length: n * n }, (_, at) => Number(at % (n + 1) === 0)) };
}

/** The mixing matrix by its definition: P (L + I) (U + diag(sign * exp(logS - mean(logS)))), L and U strict triangles. */
export function mixingReference(
  lu: Readonly<Record<'perm' | 'lower' | 'logS' | 'upper' | 'sign', ArrayLike<number>>>,
): Matrix {
  const n = lu.sign.length;
  const mean = Array.from(lu.logS).reduce((sum, value) => sum + value / n, 0);
  const square = (entry: (i: number, j: number) => number): Matrix => ({
    rows: n,
    columns: n,
    data: Float64Array.from({ length: n * n }, (_, at) => entry(Math.floor(at / n), at % n)),
  });
  const lower = square((i, j) => (i === j ? 1 : i > j ? lu.lower[i * n + j] : 0));
  const upper = square((i, j) => (i === j ? lu.sign[i] * Math.exp(lu.logS[i] - mean) : i < j ? lu.upper[i * n + j] : 0));
  return product(
    square((i, j) => lu.perm[i * n + j]),
    product(lower, upper),
  );
}
