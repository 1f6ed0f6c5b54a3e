import { PyramidFlowError } from '../core/errors';
import { Random } from '../core/random';
import { concat, gatherChannels, channels as slice } from '../ops/channels';
import { squeeze, unsqueeze } from '../ops/rearrange';
import type { Shape } from '../tensor/tensor';
import type { Bijection, Module } from './bijection';

// Bijections that only move values: their log determinant is 0.

/**
 * Reorders the channels: channel i of y is channel order[i] of x. x: (N, C, ...).
 *
 * @param order every channel once; or a seed, for a random order; default the reverse order
 * @example
 * permutation([2, 0, 1])
 * permutation({ seed: 0 })
 */
export function permutation(order?: readonly number[] | { readonly seed: number }): Bijection {
  const orderOf = (channels: number): readonly number[] => {
    const ascending = Array.from({ length: channels }, (_, i) => i);
    if (order === undefined) return ascending.reverse();
    return 'seed' in order ? new Random(order.seed).shuffle(ascending) : order;
  };
  const inverseOf = (forward: readonly number[]) => {
    const inverse = new Array<number>(forward.length);
    for (const [to, from] of forward.entries()) inverse[from] = to;
    return inverse;
  };
  return {
    name: 'permutation',
    shape(x) {
      const [channels = 0] = x;
      const found = orderOf(channels);
      const sorted = found.toSorted((a, b) => a - b);
      if (found.length !== channels || sorted.some((channel, i) => channel !== i)) {
        const problem = `permutation: [${found.join(', ')}] is not an order of ${channels} channels`;
        throw new PyramidFlowError('ShapeError', problem, `name each of 0 to ${channels - 1} once`);
      }
      return x;
    },
    forward: (x) => ({ y: gatherChannels(x, orderOf(x.shape[1]!)) }),
    inverse: (y) => gatherChannels(y, inverseOf(orderOf(y.shape[1]!))),
  };
}

/**
 * Trades space for channels: (N, C, H, W) -> (N, 4 C, H / 2, W / 2) (RealNVP, Dinh et al., 2017, section 3.6).
 *
 * @param factor by which height and width shrink; default 2
 * @example
 * new Flow(gpu, [1, 8, 8], [squeezed(), mixing()]) // of latents 4 x 4 x 4
 */
export function squeezed(factor = 2): Bijection {
  return {
    name: 'squeezed',
    shape([channels, height, width, ...more]) {
      const fits = channels && height && width && more.length === 0 && height % factor === 0 && width % factor === 0;
      if (fits) return [channels * factor ** 2, height / factor, width / factor];
      const shape = [channels, height, width, ...more].filter((size) => size !== undefined).join(', ');
      const problem = `squeezed: expected items [C, H, W] with H and W multiples of ${factor}, got [${shape}]`;
      throw new PyramidFlowError('ShapeError', problem, 'pad or resize the images');
    },
    forward: (x) => ({ y: squeeze(x, factor) }),
    inverse: (y) => unsqueeze(y, factor),
  };
}

/**
 * Takes the second half of a level's channels out of the flow: they become a new, last level, which the modules after it leave alone
 * (the multi-scale architecture of RealNVP, Dinh et al., 2017, section 3.6).
 *
 * @param level default 0
 * @example
 * new Flow(gpu, [1, 8, 8], [squeezed(), split(), actNorm()]) // of latents 2 x 4 x 4 and 2 x 4 x 4
 */
export function split(level = 0): Module {
  const halves = (channels: number): [number, number] => [Math.ceil(channels / 2), Math.floor(channels / 2)];
  return {
    name: level === 0 ? 'split' : `split of level ${level}`,
    prefix: '',
    shapes(before) {
      const [channels = 0, ...size] = before[level] ?? [];
      if (channels < 2) {
        const problem = `split: level ${level} has ${channels} channels of a flow with ${before.length} levels`;
        throw new PyramidFlowError('ShapeError', problem, 'split a level that exists, with at least 2 channels');
      }
      const [first, second] = halves(channels);
      return [...before.map((shape, i): Shape => (i === level ? [first, ...size] : shape)), [second, ...size]];
    },
    forward(levels) {
      const x = levels[level]!;
      const [first] = halves(x.shape[1]!);
      const kept = levels.map((tensor, i) => (i === level ? slice(x, 0, first) : tensor));
      return { levels: [...kept, slice(x, first, x.shape[1]!)] };
    },
    inverse(levels) {
      const [rest, last] = [levels.slice(0, -1), levels.at(-1)!];
      return rest.map((tensor, i) => (i === level ? concat([tensor, last]) : tensor));
    },
  };
}
