import { LEAKY_SLOPE } from '../ops/activation';
import { convolve, convolveGradients } from '../ops/conv/convolve';
import { zerosLike } from '../ops/elementwise';
import { resizeGradient, resizeInto } from '../ops/nearest';
import type { Op } from '../ops/op';
import { Tensor } from '../tensor/tensor';

/** Size of the map that the network works on; its conditions are resized to it. */
export interface NetworkSize {
  readonly height: number;
  readonly width: number;
  /** bytes for the spectra of its convolutions; default what is fastest */
  readonly workspace?: number;
  /** one image at a time, which halves the peak memory of a batch of two and costs a little time */
  readonly singly?: boolean;
}

/** What a coupling network reads, or the gradients to that: one or two levels (N, C, ., .), and its weights. */
export interface NetworkInputs {
  readonly levels: readonly Tensor[];
  /** (hidden, C or 2C, k, k) */
  readonly w1: Tensor;
  /** (2C, hidden, k, k) */
  readonly w2: Tensor;
}

/** The condition: one or two levels resized to one size (nearest), channels concatenated. Inputs are named '0' and '1'. */
export const condition: Op<string, NetworkSize, string> = {
  name: 'condition',
  saves: ['0', '1'],
  forward: (inputs, size) => conditionOf(Object.values(inputs), size),
  backward: (dy, saved) => {
    const levels = Object.values(saved);
    const thunk = (i: number) => () => {
      const dx = zerosLike(levels[i], 'condition dx');
      resizeGradient(dy, i * levels[0].shape[1], dx);
      return dx;
    };
    return Object.fromEntries(levels.map((_, i) => [i, thunk(i)]));
  },
};

/**
 * The coupling network: condition -> k x k convolution -> LeakyReLU -> k x k convolution, without biases. The result is
 * (N, 2C, H, W), the raw log scale in the first half of the channels, the shift in the second.
 *
 * It keeps neither the condition nor the hidden layer, which are the largest tensors of a step: `networkGradients` makes
 * them once more.
 */
export function runNetwork({ levels, w1, w2 }: NetworkInputs, size: NetworkSize): Tensor {
  const { workspace } = size;
  const y = Tensor.empty(w1.gpu, [levels[0].shape[0], w2.shape[0], size.height, size.width], 'coupling network');
  forParts([y, ...levels], size, ([part, ...parts]) => {
    const { input, enlarge } = networkInput(parts, size);
    const hidden = convolve(input, w1, { slope: LEAKY_SLOPE, enlarge, workspace });
    input.free();
    convolve(hidden, w2, { into: part, workspace });
    hidden.free();
  });
  return y;
}

/** From dy, the gradient of the network's result, to those of all that it reads: they are added to what `into` holds. */
export function networkGradients(
  dy: Tensor,
  { levels, w1, w2 }: NetworkInputs,
  into: NetworkInputs,
  size: NetworkSize,
): void {
  const { workspace } = size;
  forParts([dy, ...levels, ...into.levels], size, ([dyPart, ...parts]) => {
    const { input, enlarge, made } = networkInput(parts.slice(0, levels.length), size);
    const hidden = convolve(input, w1, { slope: LEAKY_SLOPE, enlarge, workspace });
    convolveGradients(dyPart, hidden, w2, { throughLeaky: LEAKY_SLOPE, addTo: into.w2, workspace });
    const dHidden = hidden; // before the LeakyReLU
    const replaced = made ? input : undefined; // a condition made for this is not needed any more, a level is
    const { dx } = convolveGradients(dHidden, input, w1, { enlarge, into: replaced, addTo: into.w1, workspace });
    hidden.free();
    parts.slice(levels.length).forEach((dLevel, i) => resizeGradient(dx, i * levels[0].shape[1], dLevel));
    [input, dx].forEach((tensor) => tensor.free());
  });
}

interface NetworkInput {
  readonly input: Tensor;
  readonly enlarge: 1 | 2;
  /** for this, and not a view of a level */
  readonly made: boolean;
}

/** What the first convolution reads: a single level as it is, to be enlarged on the way where it is of half the size, or the condition. */
function networkInput(levels: readonly Tensor[], size: NetworkSize): NetworkInput {
  const [only] = levels;
  const enlarge = ([1, 2] as const).find((f) => f * only.shape[2] === size.height && f * only.shape[3] === size.width);
  if (levels.length === 1 && enlarge) return { input: only.view(only.shape), enlarge, made: false };
  return { input: conditionOf(levels, size), enlarge: 1, made: true };
}

function conditionOf(levels: readonly Tensor[], { height, width }: NetworkSize): Tensor {
  const [n, channels] = levels[0].shape;
  const y = Tensor.empty(levels[0].gpu, [n, levels.length * channels, height, width], 'condition');
  levels.forEach((level, i) => resizeInto(level, y, i * channels));
  return y;
}

/** Calls `work` with the whole batches, or with views of one image at a time where these can be bound. */
function forParts(batches: Tensor[], { singly }: NetworkSize, work: (parts: Tensor[]) => void): void {
  const [count] = batches[0].shape;
  if (!singly || batches.some(({ size }) => (size / count) % 64 !== 0)) return work(batches);
  for (let i = 0; i < count; i++) {
    const parts = batches.map((batch) => batch.view([1, ...batch.shape.slice(1)], (i * batch.size) / count));
    work(parts);
    parts.forEach((part) => part.free());
  }
}
