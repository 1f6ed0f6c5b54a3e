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

/** The condition: one or two levels resized to one size (nearest), channels concatenated. Inputs are named '0' and '1'. */
export const condition: Op<string, NetworkSize, string> = {
  name: 'condition',
  saves: ['0', '1'],
  forward: (inputs, size) => conditionOf(levelsIn(inputs), size),
  gradient: (dy, saved) => {
    const levels = levelsIn(saved);
    const thunk = (i: number) => () => {
      const dx = zerosLike(levels[i], 'condition dx');
      resizeGradient(dy, i * levels[0].shape[1], dx);
      return dx;
    };
    return Object.fromEntries(levels.map((_, i) => [i, thunk(i)]));
  },
};

/**
 * The coupling network: condition -> k x k convolution -> LeakyReLU -> k x k convolution, without biases.
 * Inputs: levels '0' and perhaps '1' (N, C, ., .), w1 (hidden, C or 2C, k, k), w2 (2C, hidden, k, k). y: (N, 2C, H, W), the
 * raw log scale in the first half of the channels, the shift in the second.
 *
 * It goes image by image and keeps neither the condition nor the hidden layer, which are the largest tensors of a step:
 * the gradient makes them once more.
 */
export const couplingNetwork: Op<string, NetworkSize, string> = {
  name: 'couplingNetwork',
  saves: ['0', '1', 'w1', 'w2'],
  forward({ w1, w2, ...levels }, size) {
    const all = levelsIn(levels);
    const y = Tensor.empty(w1.gpu, [all[0].shape[0], w2.shape[0], size.height, size.width], 'coupling network');
    forEachImage([y, ...all], ([part, ...parts]) => {
      const input = conditionOf(parts, size);
      const hidden = convolve(input, w1, { slope: LEAKY_SLOPE });
      input.free();
      convolve(hidden, w2, { into: part });
      hidden.free();
    });
    return y;
  },
  gradient(dy, { w1, w2, ...levels }, size) {
    let made: Record<string, Tensor> | undefined;
    const all = () => (made ??= gradients(dy, w1, w2, levelsIn(levels), size));
    return Object.fromEntries(['0', '1', 'w1', 'w2'].map((name) => [name, () => all()[name]]));
  },
};

function gradients(dy: Tensor, w1: Tensor, w2: Tensor, levels: Tensor[], size: NetworkSize): Record<string, Tensor> {
  const k = w1.shape[2];
  const dw1 = zerosLike(w1, 'dw1');
  const dw2 = zerosLike(w2, 'dw2');
  const dLevels = levels.map((level) => zerosLike(level, `d ${level.label}`));
  forEachImage([dy, ...levels, ...dLevels], ([dyPart, ...parts]) => {
    const input = conditionOf(parts.slice(0, levels.length), size);
    const hidden = convolve(input, w1, { slope: LEAKY_SLOPE });
    addAndFree(dw2, convolveGradWeight(dyPart, hidden, k));
    convolveGradInputMasked(dyPart, w2, hidden, LEAKY_SLOPE); // hidden now holds the gradient before the LeakyReLU
    addAndFree(dw1, convolveGradWeight(hidden, input, k));
    input.free();
    const dInput = convolveGradInput(hidden, w1, size.height, size.width);
    hidden.free();
    parts.slice(levels.length).forEach((dLevel, i) => resizeGradient(dInput, i * levels[0].shape[1], dLevel));
    dInput.free();
  });
  return { ...Object.fromEntries(dLevels.entries()), w1: dw1, w2: dw2 };
}

/** The levels among an operation's inputs, in order; the names of numbers come first in every object. */
const levelsIn = (inputs: Readonly<Record<string, Tensor>>): Tensor[] => [inputs[0], inputs[1]].filter(Boolean);

function conditionOf(levels: Tensor[], { height, width }: NetworkSize): Tensor {
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
