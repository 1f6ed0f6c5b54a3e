import type { Tensor } from '../tensor/tensor';
import { fromExpressions } from './expressions';

// Elementwise functions of f32, recorded. Tensors broadcast by numpy's rules; gradients are those of the formulas. exp, log, sin and
// cos are WGSL's own, whose errors an adapter may choose within the bounds of the WGSL specification.

/** a + b, of tensors or of a tensor and a number. */
export const add = (a: Tensor, b: Tensor | number): Tensor =>
  typeof b === 'number' ? ofNumber('add number', 'x + k', 'dy', a, b) : ofTwo('add', 'a + b', 'dy', 'dy', a, b);

/** a - b, of tensors or of a tensor and a number. */
export const sub = (a: Tensor, b: Tensor | number): Tensor =>
  typeof b === 'number' ? ofNumber('add number', 'x + k', 'dy', a, -b) : ofTwo('sub', 'a - b', 'dy', '-dy', a, b);

/** a * b, of tensors or of a tensor and a number. */
export const mul = (a: Tensor, b: Tensor | number): Tensor =>
  typeof b === 'number' ? ofNumber('mul number', 'k * x', 'k * dy', a, b) : ofTwo('mul', 'a * b', 'dy * b', 'dy * a', a, b);

/** a / b, of tensors or of a tensor and a number. */
export const div = (a: Tensor, b: Tensor | number): Tensor =>
  typeof b === 'number'
    ? ofNumber('div number', 'x / k', 'dy / k', a, b)
    : ofTwo('div', 'a / b', 'dy / b', '-dy * y / b', a, b);

/** The smaller of a and b; the gradient of equal values goes to a. */
export const minimum = (a: Tensor, b: Tensor): Tensor =>
  ofTwo('minimum', 'min(a, b)', 'select(0.0, dy, a <= b)', 'select(dy, 0.0, a <= b)', a, b);

/** The larger of a and b; the gradient of equal values goes to a. */
export const maximum = (a: Tensor, b: Tensor): Tensor =>
  ofTwo('maximum', 'max(a, b)', 'select(0.0, dy, a >= b)', 'select(dy, 0.0, a >= b)', a, b);

type Unary = (x: Tensor) => Tensor;

/** -x */
export const neg: Unary = (x) => ofOne('neg', '-x', '-dy', x);

/** e^x */
export const exp: Unary = (x) => ofOne('exp', 'exp(x)', 'dy * y', x);

/** The natural logarithm, for x > 0. */
export const log: Unary = (x) => ofOne('log', 'log(x)', 'dy / x', x);

/** The square root, for x >= 0; at 0 its gradient is infinite. */
export const sqrt: Unary = (x) => ofOne('sqrt', 'sqrt(x)', '0.5 * dy / y', x);

/** x^2 */
export const square: Unary = (x) => ofOne('square', 'x * x', '2.0 * x * dy', x);

/** |x|; its gradient at 0 is 0. */
export const abs: Unary = (x) => ofOne('abs', 'abs(x)', 'sign(x) * dy', x);

/** The sine of x in radians. */
export const sin: Unary = (x) => ofOne('sin', 'sin(x)', 'dy * cos(x)', x);

/** The cosine of x in radians. */
export const cos: Unary = (x) => ofOne('cos', 'cos(x)', '-dy * sin(x)', x);

/** max(0, x); its gradient at 0 is 0. */
export const relu: Unary = (x) => ofOne('relu', 'max(0.0, x)', 'select(0.0, dy, x > 0.0)', x);

const TANH = `select(
    sign(x) * (1.0 - 2.0 / (exp(2.0 * min(abs(x), 20.0)) + 1.0)),
    x * (1.0 + x * x * (-1.0 / 3.0 + x * x * (2.0 / 15.0 + x * x * (-17.0 / 315.0 + x * x * (62.0 / 2835.0
      + x * x * (-1382.0 / 155925.0)))))),
    abs(x) < 0.4)`;

/** The hyperbolic tangent: WGSL's own may be off by 1e-5. Below 0.4 it is a series, since 1 - 2 / (e^2x + 1) cancels. */
export const tanh: Unary = (x) => ofOne('tanh', TANH, 'dy * (1.0 - y * y)', x);

const SIGMOID = 'select(exp(-abs(x)), 1.0, x >= 0.0) / (1.0 + exp(-abs(x)))'; // no exponential overflows

/** 1 / (1 + e^-x) */
export const sigmoid: Unary = (x) => ofOne('sigmoid', SIGMOID, 'dy * y * (1.0 - y)', x);

/** log(1 + e^x) = max(x, 0) + 2 atanh(s) with s = t / (2 + t) <= 1 / 3, t = e^-|x|; WGSL's log(1 + t) would lose small t. */
export const softplus: Unary = (x) =>
  once('softplus', () => {
    const s = 'exp(-abs(x)) / (2.0 + exp(-abs(x)))';
    const series = [3, 5, 7, 9, 11]
      .reduceRight((rest, n) => `(1.0 / ${n}.0 + s * s * ${rest})`, '(1.0 / 13.0)')
      .replaceAll('s * s', `(${s}) * (${s})`);
    const y = `max(x, 0.0) + 2.0 * ${s} * (1.0 + (${s}) * (${s}) * ${series})`;
    return fromExpressions('softplus', y, { x: `dy * ${SIGMOID}` });
  })(x);

const made = new Map<string, unknown>();

/** An operation, made at its first use: so bundlers leave out those that a page does not use. */
function once<T>(name: string, make: () => T): T {
  if (!made.has(name)) made.set(name, make());
  return made.get(name) as T;
}

const ofOne = (name: string, y: string, dx: string, x: Tensor): Tensor =>
  once(name, () => fromExpressions(name, y, { x: dx }))(x);

const ofTwo = (name: string, y: string, da: string, db: string, a: Tensor, b: Tensor): Tensor =>
  once(name, () => fromExpressions(name, y, { a: da, b: db }))(a, b);

const ofNumber = (name: string, y: string, dx: string, x: Tensor, k: number): Tensor =>
  once(name, () => fromExpressions(name, y, { x: dx }, ['k']))(x, { k });
