import type { PyramidFlowConfig } from '../pyramidflow/config';

/** The shape of a network in words, without the size of its images. */
export function describeNetwork({ channels, levels, stacks, kernel, norm }: PyramidFlowConfig): string {
  const blocks = `${stacks} ${stacks === 1 ? 'stack' : 'stacks'}`;
  return `${channels} channels, ${levels} levels, ${blocks}, kernel ${kernel}, ${norm}`;
}

/** An error about a file, which names the file once. */
export const describeFailure = (path: string, error: string): string => (error.includes(path) ? error : `${path}: ${error}`);
