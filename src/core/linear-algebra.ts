/** A dense matrix, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** Orthonormal columns that span those of `a` (rows >= columns), by modified Gram-Schmidt, run twice against rounding. */
export function orthonormalize(a: Matrix): Matrix {
  const { rows, columns } = a;
  const q = a.data.slice();
  const at = (i: number, j: number) => i * columns + j;
  for (let j = 0; j < columns; j++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k < j; k++) {
        let dot = 0;
        for (let i = 0; i < rows; i++) dot += q[at(i, k)]! * q[at(i, j)]!;
        for (let i = 0; i < rows; i++) q[at(i, j)]! -= dot * q[at(i, k)]!;
      }
    }
    let square = 0;
    for (let i = 0; i < rows; i++) square += q[at(i, j)]! ** 2;
    for (let i = 0; i < rows; i++) q[at(i, j)]! /= Math.sqrt(square);
  }
  return { rows, columns, data: q };
}

/** a = P L U with a unit lower L, by Gaussian elimination with row pivots. All matrices are square. */
export function luDecompose(a: Matrix): { perm: Matrix; lower: Matrix; upper: Matrix } {
  const n = a.rows;
  const rowsOf = Array.from({ length: n }, (_, i) => ({ from: i, values: a.data.slice(i * n, (i + 1) * n) }));
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rowsOf[i]!.values[k]!) > Math.abs(rowsOf[pivot]!.values[k]!)) pivot = i;
    [rowsOf[k], rowsOf[pivot]] = [rowsOf[pivot]!, rowsOf[k]!];
    for (let i = k + 1; i < n; i++) {
      const factor = rowsOf[i]!.values[k]! / rowsOf[k]!.values[k]!;
      for (let j = k + 1; j < n; j++) rowsOf[i]!.values[j]! -= factor * rowsOf[k]!.values[j]!;
      rowsOf[i]!.values[k] = factor; // the lower factor is kept where the zeros would be
    }
  }
  const square = (entry: (i: number, j: number) => number): Matrix => ({
    rows: n,
    columns: n,
    data: Float64Array.from({ length: n * n }, (_, at) => entry(Math.floor(at / n), at % n)),
  });
  return {
    perm: square((i, j) => Number(rowsOf[j]!.from === i)),
    lower: square((i, j) => (i === j ? 1 : j < i ? rowsOf[i]!.values[j]! : 0)),
    upper: square((i, j) => (j >= i ? rowsOf[i]!.values[j]! : 0)),
  };
}
