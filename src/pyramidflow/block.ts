import { CLAMP, softClampHead } from '../ops/activation';
import { applyAffine } from '../ops/affine';
import { convolve, freePrepared, prepareWeights } from '../ops/conv/convolve';
import type { PreparedWeights, Weights } from '../ops/conv/weights';
import { type LuTensors, mixingWeight } from '../ops/mixing';
import { sizesOf } from '../ops/shape';
import type { VolumeNorm } from '../ops/volume-norm';
import { unscoped } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';
import type { BlockKind, CouplingLevels } from './config';
import { runNetwork } from './coupling-network';

/** One block of a model: its place among the levels, and its tensors, which belong to the model. */
export interface Block {
  /** such as `blocks.3`, with which the names of its tensors begin */
  readonly name: string;
  readonly kind: BlockKind;
  readonly levels: CouplingLevels;
  /** (2C, C or 2C, k, k), the first convolution of its network */
  readonly conv1: Tensor;
  /** (2C, 2C, k, k), the second */
  readonly conv2: Tensor;
  readonly norm: VolumeNorm;
  /** (1, 1, H, W) of the network's level for CVN, (1, C, 1, 1) for SVN */
  readonly runningMean: Tensor;
  /** of the mixing, which follows the coupling on the same level */
  readonly lu: LuTensors;
}

/** What the convolutions of a block read. */
interface BlockWeights<W extends Weights = Weights> {
  readonly conv1: W;
  readonly conv2: W;
  readonly mixing: W;
}

/** A block at inference: the affine coupling, normalized by the running means, then the mixing. */
export class InferenceBlock {
  private prepared: BlockWeights<PreparedWeights> | undefined;

  constructor(private readonly block: Block) {}

  /** Rewrites the block's target, in place. */
  forward(levels: Tensor[]): void {
    const { levels: place, norm: kind, runningMean } = this.block;
    const { conv1: w1, conv2: w2, mixing } = this.prepared ?? this.weights();
    const [, , height, width] = sizesOf(levels[place.network]!);
    const conditions = place.conditions.map((level) => levels[level]!);
    const network = runNetwork({ levels: conditions, w1, w2 }, { height, width });
    const values = softClampHead(network, levels[place.target]!.shape[1]!, CLAMP);
    applyAffine(levels[place.target]!, { values, mean: runningMean, kind }, network, 'forward');
    for (const made of [network, values]) made.free();
    const coupled = levels[place.target]!;
    levels[place.target] = convolve(coupled, mixing);
    coupled.free();
  }

  /**
   * Computes what depends on the weights alone, which from then on must not change.
   *
   * @param shapes of the levels for a single image, (1, C, H, W)
   */
  prepare(shapes: readonly (readonly number[])[]): void {
    const { network, target } = this.block.levels;
    const prepare = (w: Tensor, level: number) => prepareWeights(w, shapes[level]![2]!, shapes[level]![3]!);
    this.prepared ??= unscoped(() => {
      const { conv1, conv2, mixing } = this.weights();
      return { conv1: prepare(conv1, network), conv2: prepare(conv2, network), mixing: prepare(mixing, target) };
    });
  }

  /** Frees what `prepare` made. */
  free(): void {
    if (!this.prepared) return;
    const { conv1, conv2, mixing } = this.prepared;
    for (const weights of [conv1, conv2, mixing]) freePrepared(weights);
    mixing.w.free();
    this.prepared = undefined;
  }

  private weights(): BlockWeights<Tensor> {
    const { conv1, conv2, lu } = this.block;
    return { conv1, conv2, mixing: mixingWeight(lu) };
  }
}
