import type { PyramidFlowConfig } from '../model/config';

/** The shape of a network in words, without the size of its pictures. */
export function describeNetwork({ channels, levels, stacks, kernel, norm }: PyramidFlowConfig): string {
  return `${channels} channels, ${levels} levels, ${stacks} stacks, kernel ${kernel}, ${norm}`;
}
