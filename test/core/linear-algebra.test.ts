import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { luDecompose, type Matrix, orthonormalize } from '../../src/core/linear-algebra';
import { Random } from '../../src/core/random';
import { assertClose } from '../support/assert-close';
import { identity, product, transposed } from '../support/matrix';

function randomMatrix(rows: number, columns: number, seed = 1): Matrix {
  const random = new Random(seed);
  return { rows, columns, data: Float64Array.from({ length: rows * columns }, () => random.normal()) };
}

for (const [rows, columns] of [
  [1, 1],
  [3, 3],
  [16, 3],
  [64, 64],
  [128, 3],
]) {
  test(`${rows}x${columns}: orthonormal columns that span those of the matrix`, () => {
    const a = randomMatrix(rows, columns);
    const q = orthonormalize(a);
    assertClose(product(transposed(q), q).data, identity(columns).data, 1e-14 * rows, 'Q^T Q');
    const back = product(q, product(transposed(q), a)); // the projection onto the span of Q
    assertClose(back.data, a.data, 1e-13 * rows, 'Q Q^T A');
  });
}

test('columns that are nearly the same still become orthonormal', () => {
  const data = Float64Array.from([1, 1, 1, 0, 1e-7, 0, 0, 0, 1e-7]);
  const q = orthonormalize({ rows: 3, columns: 3, data });
  assertClose(product(transposed(q), q).data, identity(3).data, 1e-14, 'Q^T Q');
});

const SQUARES: readonly Matrix[] = [
  ...[1, 2, 3, 16, 64].map((n) => randomMatrix(n, n)),
  { rows: 3, columns: 3, data: Float64Array.of(0, 0, 2, 3, 0, 0, 0, 5, 0) }, // zeros where the pivots would be
  { rows: 2, columns: 2, data: Float64Array.of(1e-20, 1, 1, 1) },
];

for (const a of SQUARES) {
  const n = a.rows;
  test(`${n}x${n} from ${a.data[0].toPrecision(2)} on is P L U, with no multiplier above 1`, () => {
    const { perm, lower, upper } = luDecompose(a);
    assertClose(product(perm, product(lower, upper)).data, a.data, 1e-13 * n, 'P L U');
    assertClose(product(transposed(perm), perm).data, identity(n).data, 0, 'P^T P');
    assert.ok(perm.data.every((value) => value === 0 || value === 1));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const at = i * n + j;
        if (i === j) assert.is(lower.data[at], 1);
        if (j > i) assert.is(lower.data[at], 0);
        if (j < i) assert.is(upper.data[at], 0);
        assert.ok(Math.abs(lower.data[at]) <= 1);
      }
    }
  });
}

test.run();
