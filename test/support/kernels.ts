import { readFileSync, readdirSync } from 'node:fs';

/** The names of all kernels, in name order. */
export function kernelNames(): string[] {
  return readdirSync('shaders')
    .filter((file) => file.endsWith('.wgsl'))
    .map((file) => file.slice(0, -'.wgsl'.length))
    .sort();
}

export const kernelText = (name: string): string => readFileSync(`shaders/${name}.wgsl`, 'utf8');
