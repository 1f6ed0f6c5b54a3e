import { PyramidFlowError } from '../core/errors';
import type { KernelSource, TensorBinding } from '../gpu/kernel';
import { scope } from '../tensor/scope';
import { type Shape, Tensor } from '../tensor/tensor';
import { broadcast, broadcastShape } from './broadcast';
import { linearGrid } from './grid';
import { apply, type Op } from './op';

/** Words of WGSL that an author might take for names; the driver refuses the many others that it reserves. */
const KEYWORDS = new Set(
  'alias break case const continue default else enable false fn for from if let loop override return struct switch true var while'.split(
    ' ',
  ),
);

/** Names of ours in the text of a kernel begin with this, and an author's may not. */
const OURS = 'pointwise_';
const INPUT = `${OURS}input_`;

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
  const inputs = Object.keys(gradients);
  checkNames(name, inputs, attributes);
  for (const text of [expression, ...Object.values<string>(gradients)]) checkParentheses(name, text);
  const op = pointwiseOp(name, expression, gradients, attributes);
  return (...given) => {
    const tensors = attributes.length > 0 ? given.slice(0, -1) : given;
    const attrs = (attributes.length > 0 ? given.at(-1) : {}) as Readonly<Record<string, number>> | undefined;
    const complete = tensors.length === inputs.length && tensors.every((tensor) => tensor instanceof Tensor);
    if (!complete || attributes.some((attribute) => typeof attrs?.[attribute] !== 'number')) {
      throw new PyramidFlowError(
        'UsageError',
        `${name} needs ${signature(inputs, attributes)}`,
        'pass these, in this order',
      );
    }
    return scope(() => {
      const named = Object.fromEntries(inputs.map((input, i) => [input, tensors[i]])) as Record<string, Tensor>;
      const shape = broadcastShape(name, named);
      for (const input of inputs) if (!same(named[input]!.shape, shape)) named[input] = broadcast(named[input]!, shape);
      return apply(op, named, attrs!);
    });
  };
}

/** The operation of `pointwise`, for inputs of one shape. */
function pointwiseOp(
  name: string,
  expression: string,
  gradients: Readonly<Record<string, string>>,
  attributes: readonly string[],
): Op<string, Readonly<Record<string, number>>, string> {
  const inputs = Object.keys(gradients);
  const result = kernelOf(name, expression, inputs, attributes);
  const saved = [...inputs, 'y'].filter((tensor) => inputs.some((input) => mentions(gradients[input]!, tensor)));
  const gradientKernels = Object.fromEntries(
    inputs.map((input) => [
      input,
      kernelOf(`${name} gradient of ${input}`, gradients[input]!, [...inputs, 'y', 'dy'], attributes),
    ]),
  );
  return {
    name,
    saves: saved,
    forward: (tensors, attrs) => run(result, tensors, tensors[inputs[0]!]!, attrs),
    backward: (dy, tensors, attrs) => {
      const gradient = (input: string) => () => run(gradientKernels[input]!, { ...tensors, dy }, dy, attrs);
      return Object.fromEntries(inputs.map((input) => [input, gradient(input)]));
    },
  };
}

/** Runs a kernel of `kernelOf` on the tensors that it reads; the result has the shape of `like`. */
function run(
  kernel: KernelSource,
  tensors: Readonly<Record<string, Tensor>>,
  { gpu, shape }: Tensor,
  attrs: Readonly<Record<string, number>>,
): Tensor {
  const y = Tensor.empty(gpu, shape, kernel.name);
  const reads = kernel.tensors.slice(0, -1).map(({ name }) => [name, tensors[name.slice(INPUT.length)]]);
  gpu.run(kernel, {
    tensors: { ...Object.fromEntries(reads), [`${OURS}result`]: y },
    uniforms: { [`${OURS}size`]: y.size, ...attrs },
    grid: linearGrid(y.size),
  });
  return y;
}

/**
 * The kernel of an expression. It stands in a function whose parameters are the names that it uses: no name of ours can be mistaken
 * for one of the author's. The author's text begins in the kernel's second line.
 */
function kernelOf(
  name: string,
  expression: string,
  tensors: readonly string[],
  attributes: readonly string[],
): KernelSource {
  const used = tensors.filter((tensor) => mentions(expression, tensor));
  const parameters = [...used, ...attributes].map((parameter) => `${parameter}: f32`);
  const values = [
    ...used.map((tensor) => `${INPUT}${tensor}[${OURS}i]`),
    ...attributes.map((attribute) => `${OURS}shape.${attribute}`),
  ];
  const bindings: TensorBinding[] = [
    ...used.map((tensor, i) => ({
      name: `${INPUT}${tensor}`,
      binding: i + 1,
      access: 'read' as const,
      element: 'f32' as const,
    })),
    { name: `${OURS}result`, binding: used.length + 1, access: 'read_write', element: 'f32' },
  ];
  const members = [`${OURS}size: u32`, ...attributes.map((attribute) => `${attribute}: f32`)];
  const text = `fn ${OURS}value(${parameters.join(', ')}) -> f32 { return (
${expression}
); }
struct ${OURS}Shape { ${members.join(', ')} }
@group(0) @binding(0) var<uniform> ${OURS}shape: ${OURS}Shape;
${bindings.map((b) => `@group(0) @binding(${b.binding}) var<storage, ${b.access}> ${b.name}: array<f32>;`).join('\n')}
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) ${OURS}group: vec3u,
  @builtin(num_workgroups) ${OURS}groups: vec3u,
  @builtin(local_invocation_index) ${OURS}local: u32,
) {
  let ${OURS}i = (${OURS}group.y * ${OURS}groups.x + ${OURS}group.x) * 64u + ${OURS}local;
  if (${OURS}i >= ${OURS}shape.${OURS}size) { return; }
  ${OURS}result[${OURS}i] = ${OURS}value(${values.join(', ')});
}
`;
  const fields = [
    { name: `${OURS}size`, offset: 0, type: 'u32' as const },
    ...attributes.map((attribute, i) => ({ name: attribute, offset: 4 * (i + 1), type: 'f32' as const })),
  ];
  const size = Math.ceil(fields.length / 4) * 16;
  const uniforms = { binding: 0, size, fields };
  return { name, text, entry: 'main', tensors: bindings, uniforms, constants: [], custom: true, preface: 1 };
}

const mentions = (expression: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(expression);

const same = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((size, i) => size === b[i]);

function signature(inputs: readonly string[], attributes: readonly string[]): string {
  const tensors = `${inputs.length === 1 ? 'the tensor' : 'the tensors'} ${inputs.join(', ')}`;
  return attributes.length > 0 ? `${tensors} and the numbers { ${attributes.join(', ')} }` : tensors;
}

function checkNames(operation: string, inputs: readonly string[], attributes: readonly string[]): void {
  const fail = (problem: string, remedy: string) => {
    throw new PyramidFlowError('UsageError', `${operation}: ${problem}`, remedy);
  };
  if (inputs.length === 0) fail('it has no input', 'name every input in the gradients');
  const seen = new Set<string>();
  for (const name of [...inputs, ...attributes]) {
    if (!/^[A-Za-z]\w*$/.test(name)) fail(`'${name}' is no name`, 'use letters and digits');
    if (KEYWORDS.has(name)) fail(`${name} is a word of WGSL`, 'use another name');
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
