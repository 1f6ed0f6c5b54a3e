import { PyramidFlowError } from '../core/errors';
import type { Tensor } from '../tensor/tensor';
import { fromExpressions, OURS } from './expressions';

/** Words of WGSL that an author might take for names; the driver refuses the many others that it reserves. */
const KEYWORDS =
  'alias break case const continue default else enable false fn for from if let loop override return struct switch true var while';

/**
 * An elementwise operation with its gradients, from WGSL expressions of f32. Inputs of different shapes are broadcast by numpy's
 * rules. It compiles a kernel of its own for the result and for every gradient that is needed.
 *
 * @param name for errors and timings
 * @param expression the result, of the inputs and the attributes
 * @param gradients d(loss)/d(input) by input, in the order in which a call passes the inputs. They may also use the result `y` and
 *   its gradient `dy`; what none of them uses is not kept for the backward
 * @returns the operation; a call throws ShapeError for shapes that do not broadcast, UsageError for a missing argument
 * @throws PyramidFlowError UsageError for a name that is used twice, `y`, `dy`, a word of WGSL, or no name
 * @example
 * const mul = pointwise('mul', 'a * b', { a: 'dy * b', b: 'dy * a' });
 * const y = mul(x, w);
 */
export function pointwise(
  name: string,
  expression: string,
  gradients: Readonly<Record<string, string>>,
): (...inputs: Tensor[]) => Tensor;
/**
 * An elementwise operation whose expressions also use numbers.
 *
 * @param attributes names of the numbers, which a call passes after the tensors
 * @example
 * const scaled = pointwise('scaled', 'k * x', { x: 'k * dy' }, ['k']);
 * const y = scaled(x, { k: 2 });
 */
export function pointwise<A extends string>(
  name: string,
  expression: string,
  gradients: Readonly<Record<string, string>>,
  attributes: readonly A[],
): (...inputs: [...Tensor[], Readonly<Record<A, number>>]) => Tensor;
// @__NO_SIDE_EFFECTS__
export function pointwise(
  name: string,
  expression: string,
  gradients: Readonly<Record<string, string>>,
  attributes: readonly string[] = [],
): (...given: (Tensor | Readonly<Record<string, number>>)[]) => Tensor {
  checkNames(name, Object.keys(gradients), attributes);
  for (const text of [expression, ...Object.values<string>(gradients)]) checkParentheses(name, text);
  return fromExpressions(name, expression, gradients, attributes);
}

function checkNames(operation: string, inputs: readonly string[], attributes: readonly string[]): void {
  const fail = (problem: string, remedy: string) => {
    throw new PyramidFlowError('UsageError', `${operation}: ${problem}`, remedy);
  };
  if (inputs.length === 0) fail('it has no input', 'name every input in the gradients');
  const seen = new Set<string>();
  for (const name of [...inputs, ...attributes]) {
    if (!/^[A-Za-z]\w*$/.test(name)) fail(`'${name}' is no name`, 'use letters and digits');
    if (KEYWORDS.split(' ').includes(name)) fail(`${name} is a word of WGSL`, 'use another name');
    if (name === 'y' || name === 'dy') fail(`${name} is the result's name or its gradient's`, 'use another name');
    if (name.startsWith(OURS)) fail(`${name} begins with ${OURS}`, 'use another name');
    if (seen.has(name)) fail(`${name} is named twice`, 'use a name once');
    seen.add(name);
  }
}

/** The expression stands within parentheses of ours, so its own must pair. */
function checkParentheses(operation: string, expression: string): void {
  let open = 0;
  for (const letter of expression) {
    if (letter === '(') open++;
    if (letter === ')' && --open < 0) break;
  }
  if (open === 0) return;
  const problem = `${operation}: the parentheses of '${expression}' do not pair`;
  throw new PyramidFlowError('UsageError', problem, 'write one ) for every (');
}
