import type { ParameterSet } from '../autograd/parameters';
import { Tape } from '../autograd/tape';
import { addInto } from '../ops/elementwise';
import { scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';

/** How a pass through a chain runs. */
export interface Pass {
  /** true: normalize by the statistics of the batch; false: by the running means */
  readonly training: boolean;
  /** update the running means from the batch; a training step does so once, in its forward pass; default false */
  readonly updateRunningMeans?: boolean;
  /** one tensor per level, to which forward adds the log scales and from which inverse subtracts them; default: not tracked */
  readonly logDeterminants?: Tensor[];
}

/**
 * An invertible module: it replaces one level of a list of tensors, conditioned on other levels that it leaves unchanged.
 * With `forward` and `inverse` alone it trains in a ReversibleChain without keeping activations.
 */
export interface Invertible {
  readonly name: string;
  /** index of the level that it replaces */
  readonly target: number;
  /** indices of the other levels that it reads */
  readonly conditions: readonly number[];
  /** Computes the new target level by operations on a tape, and frees all intermediate tensors. */
  forward(tape: Tape, levels: readonly Tensor[], pass: Pass): Tensor;
  /** Computes the old target level from `levels`, whose target is the new one. */
  inverse(levels: readonly Tensor[], pass: Pass): Tensor;
  /** values of the parameters that have gradients */
  readonly parameters: readonly Tensor[];
  /** Optional: a cheaper forward, in place, which keeps nothing for a backward. */
  forwardInPlace?(levels: Tensor[], pass: Pass): void;
  /** Optional: inverse and backward at once, in place; adds to the gradients of its parameters. */
  backward?(levels: Tensor[], gradients: Tensor[], pass: Pass): void;
}

/**
 * Invertible modules in a row. `forward` and `backward` keep only the levels themselves: on the way back each module recomputes
 * its input from its output, so memory does not grow with the number of modules. `forwardOnTape` runs the same chain on a tape that
 * keeps activations, for comparison. A chain replaces and frees the levels that it is given.
 *
 * @example
 * const levels = [fine, coarse];
 * chain.forward(levels, { training: true });
 * const gradients = lossGradients(levels);
 * chain.backward(levels, gradients); // levels are the inputs again, gradients are theirs
 */
export class ReversibleChain {
  constructor(
    readonly modules: readonly Invertible[],
    private readonly parameters: ParameterSet,
  ) {}

  /**
   * Turns input levels into output levels, in place.
   *
   * @param modules the part of the chain to run; default all of it
   */
  forward(levels: Tensor[], pass: Pass, modules: readonly Invertible[] = this.modules): void {
    for (const module of modules) {
      scope(() => {
        if (module.forwardInPlace) module.forwardInPlace(levels, pass);
        else replace(levels, module.target, module.forward(new Tape(), levels, pass));
        return [levels, pass.logDeterminants];
      });
    }
  }

  /** Turns output levels back into input levels, in place. */
  inverse(levels: Tensor[], pass: Pass): void {
    for (const module of this.modules.toReversed()) {
      scope(() => {
        replace(levels, module.target, module.inverse(levels, pass));
        return [levels, pass.logDeterminants];
      });
    }
  }

  /**
   * Turns output levels and d(loss)/d(output) into input levels and d(loss)/d(input), both in place. The gradients of the
   * parameters are added to those in the parameter set. The running means stay as they are.
   */
  backward(levels: Tensor[], gradients: Tensor[]): void {
    const pass: Pass = { training: true };
    for (const module of this.modules.toReversed()) {
      scope(() => {
        if (module.backward) module.backward(levels, gradients, pass);
        else this.backwardOnTape(module, levels, gradients, pass);
        return [levels, gradients];
      });
    }
  }

  /** The output levels, computed on `tape`, which keeps what a backward needs. The input levels are left unchanged. */
  forwardOnTape(tape: Tape, levels: readonly Tensor[], pass: Pass): Tensor[] {
    tape.watch(...this.modules.flatMap((module) => module.parameters));
    const current = [...levels];
    for (const module of this.modules) {
      const made = module.forward(tape, current, pass);
      if (current[module.target] !== levels[module.target]) current[module.target].free();
      current[module.target] = made;
    }
    return current;
  }

  /** The backward of a module without one of its own: inverts it, then runs it forward and backward on a tape. */
  private backwardOnTape(module: Invertible, levels: Tensor[], gradients: Tensor[], pass: Pass): void {
    const { target, conditions, parameters } = module;
    replace(levels, target, module.inverse(levels, pass));
    const tape = new Tape();
    const inputs = [target, ...conditions].map((level) => levels[level]);
    tape.watch(...inputs, ...parameters);
    const output = module.forward(tape, levels, pass);
    const found = tape.backward([[output, gradients[target]]]);
    output.free();
    this.parameters.addGradients(found);
    gradients[target] = found.get(levels[target])!;
    for (const level of conditions) {
      const gradient = found.get(levels[level]);
      if (gradient) addInto(gradients[level], gradient);
      gradient?.free();
    }
  }
}

/** Replaces a level and frees the old tensor. */
export function replace(levels: Tensor[], level: number, tensor: Tensor): void {
  levels[level].free();
  levels[level] = tensor;
}
