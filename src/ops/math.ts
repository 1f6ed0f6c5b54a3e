import type { Tensor } from '../tensor/tensor';
import { pointwise } from './pointwise';

// Elementwise functions of f32, recorded. Tensors broadcast by numpy's rules; gradients are those of the formulas. exp, log, sin and
// cos are WGSL's own, whose errors an adapter may choose within the bounds of the WGSL specification.

const sums = pointwise('add', 'a + b', { a: 'dy', b: 'dy' });
const products = pointwise('mul', 'a * b', { a: 'dy * b', b: 'dy * a' });
const differences = pointwise('sub', 'a - b', { a: 'dy', b: '-dy' });
const quotients = pointwise('div', 'a / b', { a: 'dy / b', b: '-dy * y / b' });
const shifted = pointwise('add number', 'x + k', { x: 'dy' }, ['k']);
const scaled = pointwise('mul number', 'k * x', { x: 'k * dy' }, ['k']);
const divided = pointwise('div number', 'x / k', { x: 'dy / k' }, ['k']);

/** a + b, of tensors or of a tensor and a number. */
export const add = (a: Tensor, b: Tensor | number): Tensor => (typeof b === 'number' ? shifted(a, { k: b }) : sums(a, b));

/** a - b, of tensors or of a tensor and a number. */
export const sub = (a: Tensor, b: Tensor | number): Tensor =>
  typeof b === 'number' ? shifted(a, { k: -b }) : differences(a, b);

/** a * b, of tensors or of a tensor and a number. */
export const mul = (a: Tensor, b: Tensor | number): Tensor => (typeof b === 'number' ? scaled(a, { k: b }) : products(a, b));

/** a / b, of tensors or of a tensor and a number. */
export const div = (a: Tensor, b: Tensor | number): Tensor =>
  typeof b === 'number' ? divided(a, { k: b }) : quotients(a, b);

/** The smaller of a and b; the gradient of equal values goes to a. */
export const minimum: (a: Tensor, b: Tensor) => Tensor = pointwise('minimum', 'min(a, b)', {
  a: 'select(0.0, dy, a <= b)',
  b: 'select(dy, 0.0, a <= b)',
});

/** The larger of a and b; the gradient of equal values goes to a. */
export const maximum: (a: Tensor, b: Tensor) => Tensor = pointwise('maximum', 'max(a, b)', {
  a: 'select(0.0, dy, a >= b)',
  b: 'select(dy, 0.0, a >= b)',
});

type Unary = (x: Tensor) => Tensor;

/** -x */
export const neg: Unary = pointwise('neg', '-x', { x: '-dy' });

/** e^x */
export const exp: Unary = pointwise('exp', 'exp(x)', { x: 'dy * y' });

/** The natural logarithm, for x > 0. */
export const log: Unary = pointwise('log', 'log(x)', { x: 'dy / x' });

/** The square root, for x >= 0; at 0 its gradient is infinite. */
export const sqrt: Unary = pointwise('sqrt', 'sqrt(x)', { x: '0.5 * dy / y' });

/** x^2 */
export const square: Unary = pointwise('square', 'x * x', { x: '2.0 * x * dy' });

/** |x|; its gradient at 0 is 0. */
export const abs: Unary = pointwise('abs', 'abs(x)', { x: 'sign(x) * dy' });

/** The sine of x in radians. */
export const sin: Unary = pointwise('sin', 'sin(x)', { x: 'dy * cos(x)' });

/** The cosine of x in radians. */
export const cos: Unary = pointwise('cos', 'cos(x)', { x: '-dy * sin(x)' });

/** max(0, x); its gradient at 0 is 0. */
export const relu: Unary = pointwise('relu', 'max(0.0, x)', { x: 'select(0.0, dy, x > 0.0)' });

/** The hyperbolic tangent: WGSL's own may be off by 1e-5. Below 0.4 it is a series, since 1 - 2 / (e^2x + 1) cancels. */
export const tanh: Unary = pointwise(
  'tanh',
  `select(
    sign(x) * (1.0 - 2.0 / (exp(2.0 * min(abs(x), 20.0)) + 1.0)),
    x * (1.0 + x * x * (-1.0 / 3.0 + x * x * (2.0 / 15.0 + x * x * (-17.0 / 315.0 + x * x * (62.0 / 2835.0
      + x * x * (-1382.0 / 155925.0)))))),
    abs(x) < 0.4)`,
  { x: 'dy * (1.0 - y * y)' },
);

const SIGMOID = 'select(exp(-abs(x)), 1.0, x >= 0.0) / (1.0 + exp(-abs(x)))'; // no exponential overflows

/** 1 / (1 + e^-x) */
export const sigmoid: Unary = pointwise('sigmoid', SIGMOID, { x: 'dy * y * (1.0 - y)' });

const S = 'exp(-abs(x)) / (2.0 + exp(-abs(x)))';
const SERIES = [3, 5, 7, 9, 11]
  .reduceRight((rest, n) => `(1.0 / ${n}.0 + s * s * ${rest})`, '(1.0 / 13.0)')
  .replaceAll('s * s', `(${S}) * (${S})`);

/** log(1 + e^x) = max(x, 0) + 2 atanh(s) with s = t / (2 + t) <= 1 / 3, t = e^-|x|; WGSL's log(1 + t) would lose small t. */
export const softplus: Unary = pointwise('softplus', `max(x, 0.0) + 2.0 * ${S} * (1.0 + (${S}) * (${S}) * ${SERIES})`, {
  x: `dy * ${SIGMOID}`,
});
