import type { Tape } from '../autograd/tape';
import { conv2dOp, convolve } from '../ops/conv/convolve';
import { inverseMixingWeight, type LuTensors, luWeightOp } from '../ops/mixing';
import { apply } from '../ops/op';
import type { Tensor } from '../tensor/tensor';
import type { Invertible } from './reversible';

/**
 * Mixing of the channels of one level: z <- w z per pixel, with |det w| = 1 and w parametrized by LU factors. It is the invertible
 * 1x1 convolution of Glow (Kingma and Dhariwal, 2018), with the log scales centred (PyramidFlow, section 3.4).
 */
export class Mixing implements Invertible {
  readonly conditions: readonly number[] = [];
  readonly parameters: readonly Tensor[];

  constructor(
    readonly name: string,
    readonly target: number,
    private readonly lu: LuTensors,
  ) {
    this.parameters = [lu.lower, lu.logS, lu.upper];
  }

  forward(tape: Tape, levels: readonly Tensor[]): Tensor {
    const w = tape.run(() => apply(luWeightOp, this.lu, undefined));
    const y = tape.run(() => apply(conv2dOp, { x: levels[this.target], w }, {}));
    w.free();
    return y;
  }

  inverse(levels: readonly Tensor[]): Tensor {
    const w = inverseMixingWeight(this.lu);
    const x = convolve(levels[this.target], w);
    w.free();
    return x;
  }
}
