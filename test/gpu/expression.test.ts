import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluate } from '../../src/gpu/expression';

const NAMES = new Map([
  ['K', 7],
  ['RUN', 4],
  ['ZERO', 0],
]);

const VALUES: readonly (readonly [expression: string, value: number | undefined])[] = [
  ['3', 3],
  ['12u', 12],
  ['5i', 5],
  ['K', 7],
  ['-K + 1', -6],
  ['2 + 3 * 4', 14],
  ['(2 + 3) * 4', 20],
  ['20 - 5 - 3', 12],
  ['24 / 4 / 2', 3],
  ['7 / 2', 3],
  ['-7 / 2', -3],
  ['K % RUN', 3],
  ['(RUN + K - 1u) / RUN', 2],
  ['((K))', 7],
  ['- -2', 2],
  ['1.5', undefined],
  ['2.', undefined],
  ['1.0 * K', undefined],
  ['shape.size', undefined],
  ['UNKNOWN + 1', undefined],
  ['K / ZERO', undefined],
  ['K % ZERO', undefined],
  ['(K', undefined],
  ['K)', undefined],
  ['K 2', undefined],
  ['K +', undefined],
  ['min(K, 2)', undefined],
  ['', undefined],
];

for (const [expression, value] of VALUES) {
  test(`'${expression}' is ${value}`, () => assert.is(evaluate(expression, NAMES), value));
}

test.run();
