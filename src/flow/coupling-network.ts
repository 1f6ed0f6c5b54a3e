import { LEAKY_SLOPE } from '../ops/activation';
import { convolve, convolveGradInput, convolveGradInputMasked, convolveGradWeight } from '../ops/conv2d';
import { addInto, zerosLike } from '../ops/elementwise';
import { resizeGradient, resizeInto } from '../ops/nearest';
import type { Op } from '../ops/op';
import { Tensor } from '../tensor/tensor';

/** Size of the map that the network works on; its conditions are resized to it. */
export interface NetworkSize {
  readonly height: number;
  readonly width: number;
}

/** What a coupling network reads: one or two levels (N, C, ., .), and its weights. */
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
  gradient: (dy, saved) => {
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
 * It goes image by image and keeps neither the condition nor the hidden layer, which are the largest tensors of a step:
 * `networkGradients` makes them once more.
 */
export function runNetwork({ levels, w1, w2 }: NetworkInputs, size: NetworkSize): Tensor {
  const y = Tensor.empty(w1.gpu, [levels[0].shape[0], w2.shape[0], size.height, size.width], 'coupling network');
  forEachImage([y, ...levels], ([part, ...parts]) => {
    const hidden = hiddenLayer(parts, w1, size);
    convolve(hidden, w2, { into: part });
    hidden.free();
  });
  return y;
}

/** The gradients of the weights from dy, that of the network's result; those of the levels are added to `dLevels`. */
export function networkGradients(
  dy: Tensor,
  { levels, w1, w2 }: NetworkInputs,
  dLevels: readonly Tensor[],
  size: NetworkSize,
): { dw1: Tensor; dw2: Tensor } {
  const k = w1.shape[2];
  const dw1 = zerosLike(w1, 'dw1');
  const dw2 = zerosLike(w2, 'dw2');
  forEachImage([dy, ...levels, ...dLevels], ([dyPart, ...parts]) => {
    const hidden = hiddenLayer(parts.slice(0, levels.length), w1, size);
    addAndFree(dw2, convolveGradWeight(dyPart, hidden, k));
    convolveGradInputMasked(dyPart, w2, hidden, LEAKY_SLOPE); // hidden now holds the gradient before the LeakyReLU
    const input = conditionOf(parts.slice(0, levels.length), size);
    addAndFree(dw1, convolveGradWeight(hidden, input, k));
    input.free();
    const dInput = convolveGradInput(hidden, w1, size.height, size.width);
    parts.slice(levels.length).forEach((dLevel, i) => resizeGradient(dInput, i * levels[0].shape[1], dLevel));
    dInput.free();
    hidden.free();
  });
  return { dw1, dw2 };
}

function hiddenLayer(levels: readonly Tensor[], w1: Tensor, size: NetworkSize): Tensor {
  const input = conditionOf(levels, size);
  const hidden = convolve(input, w1, { slope: LEAKY_SLOPE });
  input.free();
  return hidden;
}

function conditionOf(levels: readonly Tensor[], { height, width }: NetworkSize): Tensor {
  const [n, channels] = levels[0].shape;
  const [only] = levels;
  if (levels.length === 1 && only.shape[2] === height && only.shape[3] === width) return only.view(only.shape);
  const y = Tensor.empty(only.gpu, [n, levels.length * channels, height, width], 'condition');
  levels.forEach((level, i) => resizeInto(level, y, i * channels));
  return y;
}

/** Calls `work` with views of one image at a time; small images, whose views could not be bound, go all at once. */
function forEachImage(batches: Tensor[], work: (parts: Tensor[]) => void): void {
  const [count] = batches[0].shape;
  const separable = batches.every(({ size }) => (size / count) % 64 === 0);
  for (let i = 0; i < (separable ? count : 1); i++) {
    const parts = batches.map((batch) =>
      separable ? batch.view([1, ...batch.shape.slice(1)], (i * batch.size) / count) : batch.view(batch.shape),
    );
    work(parts);
    parts.forEach((part) => part.free());
  }
}

function addAndFree(sum: Tensor, value: Tensor): void {
  addInto(sum, value);
  value.free();
}
