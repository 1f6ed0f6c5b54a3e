import { readFileSync } from 'node:fs';
import { readSafetensors } from '../../src/core/safetensors';
import type { Runtime } from '../../src/gpu/runtime';
import { Tensor } from '../../src/tensor/tensor';

/** One golden case: an operation, its settings, and named host tensors `in.*`, `out.*`, `grad_out.*`, `grad.*`. */
export interface GoldenCase {
  readonly path: string;
  readonly op: string;
  readonly attrs: Readonly<Record<string, never>>;
  readonly tensors: ReadonlyMap<string, { readonly shape: number[]; readonly data: Float32Array }>;
  readonly f32Error: Readonly<Record<string, number>>;
}

/** What a case's operation gave: host values by the golden name, such as `out.y` or `grad.x`. */
export type Results = Record<string, ArrayLike<number>>;
export type Handler = (golden: GoldenCase, gpu: Runtime) => Promise<Results>;

export function readCase(path: string): GoldenCase {
  const { tensors, metadata } = readSafetensors(readFileSync(path));
  const { op, attrs, f32_error: f32Error } = JSON.parse(metadata.case);
  return { path, op, attrs, f32Error, tensors: tensors as unknown as GoldenCase['tensors'] };
}

/** The tensor `name` on the GPU. */
export function upload(golden: GoldenCase, gpu: Runtime, name: string): Tensor {
  const found = golden.tensors.get(name);
  if (!found) throw new Error(`${golden.path} has no tensor ${name}`);
  return Tensor.from(gpu, found.shape.length ? found.shape : [1], found.data, name);
}

/** The names after `prefix` of all tensors that have it, in file order. */
export function namesUnder(golden: GoldenCase, prefix: string): string[] {
  return [...golden.tensors.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

/** All tensors `<prefix><name>` on the GPU, by name. */
export function uploadUnder(golden: GoldenCase, gpu: Runtime, prefix: string): Record<string, Tensor> {
  return Object.fromEntries(namesUnder(golden, prefix).map((name) => [name, upload(golden, gpu, prefix + name)]));
}

/** Reads GPU tensors back, under names with a prefix. */
export async function download(prefix: string, tensors: Record<string, Tensor>): Promise<Results> {
  const results: Results = {};
  for (const [name, tensor] of Object.entries(tensors)) results[prefix + name] = await tensor.read();
  return results;
}

/** A list stored as `<key>0`, `<key>1`, ... */
export function numbered(tensors: Record<string, Tensor>, key: string): Tensor[] {
  const list: Tensor[] = [];
  while (tensors[`${key}${list.length}`]) list.push(tensors[`${key}${list.length}`]);
  return list;
}

/** The opposite of `numbered`. */
export const byNumber = (list: Tensor[], key: string): Record<string, Tensor> =>
  Object.fromEntries(list.map((tensor, i) => [`${key}${i}`, tensor]));
