import { PyramidFlowError } from '../core/errors';
import type { KernelSource, TensorBinding } from '../gpu/kernel';
import { scope } from '../tensor/scope';
import { type Shape, Tensor } from '../tensor/tensor';
import { broadcast, broadcastShape } from './broadcast';
import { linearGrid } from './grid';
import { apply, type Op } from './op';

/** Names of ours in the text of a kernel begin with this, and an author's may not. */
export const OURS = 'pointwise_';
const INPUT = `${OURS}input_`;

/** `pointwise` without the checks of what its author wrote. */
export function fromExpressions(
  name: string,
  expression: string,
  gradients: Readonly<Record<string, string>>,
  attributes: readonly string[] = [],
): (...given: (Tensor | Readonly<Record<string, number>>)[]) => Tensor {
  const inputs = Object.keys(gradients);
  const op = expressionOp(name, expression, gradients, attributes);
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

/** The operation, for inputs of one shape. */
function expressionOp(
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
