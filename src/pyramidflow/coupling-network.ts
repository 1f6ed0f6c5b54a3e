import { LEAKY_SLOPE } from '../ops/activation';
import { convolve, convolveGradients } from '../ops/conv/convolve';
import { tensorOf, type Weights } from '../ops/conv/weights';
import { zerosLike } from '../ops/elementwise';
import { resizeGradient, resizeInto } from '../ops/nearest';
import { apply, type Op } from '../ops/op';
import { misfit, sizesOf } from '../ops/shape';
import { Tensor } from '../tensor/tensor';

/** The size at which a coupling network works, to which its conditions are resized, and how it saves memory. */
export interface NetworkSize {
  readonly height: number;
  readonly width: number;
  /** the most bytes for spectra in its convolutions; default the fastest */
  readonly workspace?: number;
  /** run one image at a time, which halves the peak memory of a batch of two and takes a little longer; default false */
  readonly singly?: boolean;
}

/** The inputs of a coupling network, or their gradients: one or two levels (N, C, ., .), and the weights. */
export interface NetworkInputs<W extends Weights = Weights> {
  readonly levels: readonly Tensor[];
  /** (hidden, C or 2C, k, k) */
  readonly w1: W;
  /** (2C, hidden, k, k) */
  readonly w2: W;
}

/** y = one or two levels, resized (nearest) and concatenated: (N, C, ., .) each -> (N, C or 2C, H, W). The inputs are named '0' and '1'. */
export const conditionOp: Op<string, NetworkSize, string> = {
  name: 'condition',
  saves: ['0', '1'],
  forward: (inputs, size) => conditionOf(Object.values(inputs), size),
  backward: (dy, saved) => {
    const levels = Object.values(saved);
    const thunk = (i: number) => () => {
      const dx = zerosLike(levels[i]!, 'condition dx');
      resizeGradient(dy, i * levels[0]!.shape[1]!, dx);
      return dx;
    };
    return Object.fromEntries(levels.map((_, i) => [i, thunk(i)]));
  },
};

/** `conditionOp` of `levels`, recorded. */
export const condition = (levels: readonly Tensor[], size: NetworkSize): Tensor =>
  apply(conditionOp, Object.fromEntries(levels.entries()), size);

/**
 * The coupling network: y = conv(leaky(conv(condition, w1)), w2), without biases. It keeps neither the condition nor the hidden layer,
 * which are the largest tensors of a step: `networkGradients` computes them again.
 *
 * @returns (N, 2C, H, W): the raw log scale in the first half of the channels, the shift in the second
 */
export function runNetwork({ levels, w1, w2 }: NetworkInputs, size: NetworkSize): Tensor {
  const { workspace } = size;
  const y = Tensor.empty(
    levels[0]!.gpu,
    [levels[0]!.shape[0]!, tensorOf(w2).shape[0]!, size.height, size.width],
    'coupling network',
  );
  forEachImage([y, ...levels], size, ([result, ...inputs]) => {
    const { input, enlarge } = networkInput(inputs, size);
    const hidden = convolve(input, w1, { slope: LEAKY_SLOPE, enlarge, workspace });
    input.free();
    convolve(hidden, w2, { into: result, workspace });
    hidden.free();
  });
  return y;
}

/** The backward of `runNetwork`: adds the gradients of all inputs to `into`. dy: (N, 2C, H, W). */
export function networkGradients(
  dy: Tensor,
  { levels, w1, w2 }: NetworkInputs<Tensor>,
  into: NetworkInputs<Tensor>,
  size: NetworkSize,
): void {
  const { workspace } = size;
  forEachImage([dy, ...levels, ...into.levels], size, ([dResult, ...rest]) => {
    const [inputs, dInputs] = [rest.slice(0, levels.length), rest.slice(levels.length)];
    const { input, enlarge, made } = networkInput(inputs, size);
    const hidden = convolve(input, w1, { slope: LEAKY_SLOPE, enlarge, workspace });
    convolveGradients(dResult!, hidden, w2, { throughLeaky: LEAKY_SLOPE, addTo: into.w2, workspace });
    const dHidden = hidden; // replaced by its gradient before the LeakyReLU
    const replaced = made ? input : undefined; // a condition is no longer needed, but a level is
    const { dx } = convolveGradients(dHidden, input, w1, { enlarge, into: replaced, addTo: into.w1, workspace });
    hidden.free();
    dInputs.forEach((dLevel, i) => resizeGradient(dx, i * levels[0]!.shape[1]!, dLevel));
    [input, dx].forEach((tensor) => tensor.free());
  });
}

interface NetworkInput {
  readonly input: Tensor;
  readonly enlarge: 1 | 2;
  /** whether it is a condition, and not a view of a level */
  readonly made: boolean;
}

/** What the first convolution reads: a single level of the same or half the size, which it enlarges itself; otherwise the condition. */
function networkInput(levels: readonly Tensor[], size: NetworkSize): NetworkInput {
  const [only] = levels;
  const enlarge = ([1, 2] as const).find((f) => f * only!.shape[2]! === size.height && f * only!.shape[3]! === size.width);
  if (levels.length === 1 && enlarge) return { input: only!.view(only!.shape), enlarge, made: false };
  return { input: conditionOf(levels, size), enlarge: 1, made: true };
}

function conditionOf(levels: readonly Tensor[], { height, width }: NetworkSize): Tensor {
  const [first, second = first] = levels as [Tensor, Tensor?];
  const [n, channels] = sizesOf(first);
  if (second.shape[1] !== channels) throw misfit('condition', { 0: first, 1: second }, 'let both have as many channels');
  const y = Tensor.empty(first.gpu, [n, levels.length * channels, height, width], 'condition');
  levels.forEach((level, i) => resizeInto(level, y, i * channels));
  return y;
}

/** Calls `work` with the whole batches; or with views of one image at a time, if `singly` is set and such views can be bound. */
function forEachImage(batches: Tensor[], { singly }: NetworkSize, work: (images: Tensor[]) => void): void {
  const [count] = sizesOf(batches[0]!);
  if (!singly || batches.some(({ size }) => (size / count) % 64 !== 0)) return work(batches);
  for (let i = 0; i < count; i++) {
    const images = batches.map((batch) => batch.view([1, ...batch.shape.slice(1)], (i * batch.size) / count));
    work(images);
    images.forEach((image) => image.free());
  }
}
