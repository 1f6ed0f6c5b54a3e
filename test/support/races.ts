import { detectRaces, MemoryTracker } from 'wgsl_reflect/wgsl_reflect.module.js';
import { type KernelSource, packUniforms } from '../../src/gpu/kernel';
import { specialise } from '../../src/gpu/specialise';

/** A call small enough for an interpreter of WGSL that runs the lanes of a workgroup in lockstep. */
export interface SmallCall {
  readonly constants: Readonly<Record<string, number>>;
  readonly uniforms: Readonly<Record<string, number>>;
  readonly grid: readonly number[];
}

export interface RaceFindings {
  /** what two lanes did to the same memory between two barriers, at least one of them writing */
  readonly races: string[];
  /** barriers that not all lanes reach, and whatever the interpreter does not understand */
  readonly errors: string[];
}

const ELEMENTS = 8192; // more than any tensor of a small call has

/** Examines a call of a kernel without a GPU, on tensors of zeros; `edit` may change its text first. */
export function findRaces(
  kernel: KernelSource,
  call: SmallCall,
  edit: (text: string) => string = (text) => text,
): RaceFindings {
  const group: Record<string, unknown> = {};
  for (const { binding } of kernel.tensors) group[binding] = new ArrayBuffer(4 * ELEMENTS);
  if (kernel.uniforms) group[kernel.uniforms.binding] = { uniform: packUniforms(kernel, call.uniforms) };
  const text = understandable(edit(specialise(kernel.text, call.constants)));
  return ignoringPrivate(text, () => {
    const { races, errors } = detectRaces(text, kernel.entry, [...call.grid], { 0: group });
    return { races: races.map(({ message }) => message), errors };
  });
}

/**
 * wgsl_reflect 1.6 walks past a barrier that is the first statement of a block, and cannot assign to a component by its
 * index; the values of a call are of no interest here.
 */
function understandable(text: string): string {
  return text
    .replace(/\{\s*(?=workgroupBarrier\(\);)/g, '{ let first = 0u; ')
    .replace(/\]\[\w+\] = ([^;]+);/g, '] = vec2f($1);');
}

/** wgsl_reflect 1.6 takes private variables for shared ones. */
function ignoringPrivate<T>(text: string, work: () => T): T {
  const names = new Set(Array.from(text.matchAll(/var<private>\s+(\w+)/g), ([, name]) => name));
  const { record } = MemoryTracker.prototype;
  MemoryTracker.prototype.record = function (name, ...access) {
    if (!names.has(name)) record.call(this, name, ...access);
  };
  try {
    return work();
  } finally {
    MemoryTracker.prototype.record = record;
  }
}
