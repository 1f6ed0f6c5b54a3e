import { kernelFiles } from '../../tools/wgsl-plugin';

const TEXTS = new Map(kernelFiles('.').map(({ name, text }) => [name, text]));

/** The names of all kernels, in name order. */
export const kernelNames = (): string[] => [...TEXTS.keys()];

export const kernelText = (name: string): string => TEXTS.get(name)!;
