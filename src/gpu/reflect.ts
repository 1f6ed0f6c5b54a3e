import { PyramidFlowError } from '../core/errors';
import { checkDialect } from './dialect';
import type { ElementType, KernelSource, UniformField } from './kernel';
import { blankComments, KernelFault, placeOf } from './kernel-text';
import { OVERRIDE } from './specialise';

const ELEMENTS = /^array<(?:vec[24](?:<([fiu])32>|([fiu]))|([fiu])32)>$/;

// Made by a call, not when the module is loaded: bundlers would keep them in every page.
const attributes = () => String.raw`(?:@\w+\s*(?:\((?:[^()]|\([^()]*\))*\)\s*)?)`;
const variable = () => new RegExp(String.raw`(${attributes()}*)\bvar\b\s*(?:<([^>]*)>)?\s*(\w+)\s*:\s*([^;=]+)`, 'gd');
const entryPoint = () => new RegExp(String.raw`(${attributes()}+)fn\s+(\w+)`, 'gd');

/** A variable that is bound. */
export interface Resource {
  readonly name: string;
  readonly binding: number;
  /** 'storage', 'uniform', or '' for a texture or a sampler */
  readonly space: string;
  readonly access: string;
  readonly type: string;
  /** index of the name in the text */
  readonly at: number;
}

/**
 * A kernel from its text, WGSL with the overrides and loop marks of shaders/README.md: one entry point for compute, and in group 0
 * any number of `var<storage, read | read_write> x: array<T>`, with T being f32, i32, u32 or a vec2 or vec4 of them, and at most one
 * `var<uniform>` of a struct of u32, i32 and f32. It is not compiled yet: `Runtime.compile` does that, or its first run.
 *
 * @param name how errors and timings call it
 * @throws PyramidFlowError UsageError for text of another form, with its line
 * @example
 * const double = kernel('double', `
 *   struct Shape { size: u32 }
 *   @group(0) @binding(0) var<uniform> shape: Shape;
 *   @group(0) @binding(1) var<storage, read_write> x: array<f32>;
 *   @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
 *     if (id.x < shape.size) { x[id.x] *= 2.0; }
 *   }`);
 * gpu.run(double, { tensors: { x }, uniforms: { size: x.size }, grid: [Math.ceil(x.size / 64), 1, 1] });
 */
export function kernel(name: string, wgsl: string): KernelSource {
  const text = wgsl.replaceAll('\r\n', '\n');
  try {
    return { ...reflect(name, text), custom: true };
  } catch (fault) {
    if (!(fault instanceof KernelFault)) throw fault;
    const { line, excerpt } = placeOf(text, fault.at);
    throw new PyramidFlowError('UsageError', `kernel ${name}, line ${line}:\n${excerpt}\n${fault.problem}`, fault.remedy);
  }
}

/** What `kernel` returns, of a kernel of this package. Throws KernelFault. */
export function reflect(name: string, text: string): KernelSource {
  checkDialect(text);
  const code = blankComments(text);
  checkBrackets(code);
  const bound = resourcesOf(code);
  const [uniform, second] = bound.filter(({ space }) => space === 'uniform');
  if (second) throw new KernelFault(second.at, `${second.name} is a second uniform`, 'put all uniforms into one struct');
  return {
    name,
    text,
    entry: entryOf(code, 'compute'),
    tensors: bound
      .filter((resource) => resource !== uniform)
      .map((resource) => ({ name: resource.name, binding: resource.binding, ...storage(resource) })),
    uniforms: uniform && uniformLayout(code, uniform),
    constants: Array.from(code.matchAll(OVERRIDE), ([, constant]) => constant!),
  };
}

/** The name of the only entry point for a stage. */
export function entryOf(code: string, stage: 'compute' | 'vertex' | 'fragment'): string {
  const ofStage = new RegExp(String.raw`@${stage}\b`);
  const [entry, second] = Array.from(code.matchAll(entryPoint())).filter(([, attributes]) => ofStage.test(attributes!));
  if (!entry) throw new KernelFault(0, `there is no @${stage} entry point`, `write one function with @${stage}`);
  const at = ({ indices }: RegExpExecArray) => indices![2]![0];
  if (second) throw new KernelFault(at(second), `${second[2]} is a second @${stage} entry point`, 'make it another kernel');
  if (stage === 'compute' && !entry[1]!.includes('@workgroup_size')) {
    throw new KernelFault(at(entry), `${entry[2]} has no workgroup size`, 'write @compute @workgroup_size(64)');
  }
  return entry[2]!;
}

/** Everything that is bound, by binding. */
export function resourcesOf(code: string): Resource[] {
  const resources: Resource[] = [];
  for (const { 1: attributes, 2: template = '', 3: name, 4: type, indices } of code.matchAll(variable())) {
    const [space, access = 'read'] = template.split(',').map((word) => word.trim());
    if (!/^(storage|uniform)$/.test(space!) && !/@(group|binding)\b/.test(attributes!)) continue;
    const at = indices![3]![0];
    const number = (attribute: string) =>
      Number(new RegExp(String.raw`@${attribute}\s*\(\s*(\d+)[iu]?\s*,?\s*\)`).exec(attributes!)?.[1] ?? NaN);
    const [group, binding] = [number('group'), number('binding')];
    if (group !== 0 || Number.isNaN(binding)) {
      const remedy = 'bind everything in group 0, as in @group(0) @binding(1)';
      throw new KernelFault(at, `${name} is not bound by a number in group 0`, remedy);
    }
    const other = resources.find((resource) => resource.binding === binding);
    if (other) throw new KernelFault(at, `${name} has binding ${binding}, as ${other.name} has`, 'number the bindings');
    resources.push({ name: name!, binding, space: space!, access, type: type!.replace(/\s+/g, ''), at });
  }
  return resources.sort((a, b) => a.binding - b.binding);
}

function storage({ name, space, access, type, at }: Resource): { access: 'read' | 'read_write'; element: ElementType } {
  if (space !== 'storage') {
    throw new KernelFault(at, `${name} is a ${type}`, 'bind storage arrays and one struct of uniforms only');
  }
  if (access !== 'read' && access !== 'read_write') {
    throw new KernelFault(at, `${name} has the access ${access}`, 'use read or read_write');
  }
  const [, ...letters] = ELEMENTS.exec(type) ?? [];
  const letter = letters.find(Boolean);
  if (!letter) {
    const remedy = 'use array<T> without a length, T being f32, i32, u32, or a vec2 or vec4 of them';
    throw new KernelFault(at, `${name} is of the type ${type}`, remedy);
  }
  return { access, element: `${letter}32` as ElementType };
}

/** The binding and layout of a uniform struct. */
export function uniformLayout(code: string, { name, binding, type, at }: Resource): NonNullable<KernelSource['uniforms']> {
  const struct = new RegExp(String.raw`\bstruct\s+${type.replace(/\W.*/, '')}\s*\{([^}]*)\}`, 'd').exec(code);
  if (!struct) throw new KernelFault(at, `uniform ${name} is of the type ${type}`, 'make it a struct of u32, i32 and f32');
  const fields: UniformField[] = [];
  for (const member of struct[1]!.matchAll(/[^\s,](?:[^,<(]|<[^>]*>|\([^)]*\))*/g)) {
    const [, field, fieldType] = /^(\w+)\s*:\s*([ui]32|f32)\s*$/.exec(member[0]) ?? [];
    if (!field) {
      const place = struct.indices![1]![0] + member.index;
      throw new KernelFault(place, `a uniform is declared as ${member[0].trim()}`, 'write NAME: TYPE, with u32, i32 or f32');
    }
    fields.push({ name: field, offset: 4 * fields.length, type: fieldType as UniformField['type'] });
  }
  return { binding, size: Math.ceil(fields.length / 4) * 16, fields };
}

/** Throws KernelFault where brackets do not pair. */
function checkBrackets(code: string): void {
  const open: RegExpExecArray[] = [];
  for (const bracket of code.matchAll(/[()[\]{}]/g)) {
    if ('([{'.includes(bracket[0])) open.push(bracket);
    else if (!'() [] {}'.includes(`${open.pop()?.[0]}${bracket[0]}`)) unpaired(bracket);
  }
  if (open.length > 0) unpaired(open.at(-1)!);
}

function unpaired({ 0: bracket, index }: RegExpExecArray): never {
  throw new KernelFault(index, `${bracket} has no partner`, 'open and close every bracket');
}
