import type { ParameterSet } from '../autograd/parameters';
import { Tape } from '../autograd/tape';
import { addInto } from '../ops/elementwise';
import { scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';

/** How a chain runs. */
export interface Pass {
  /** normalize by the batch's own statistics; otherwise by the running means */
  readonly training: boolean;
  /** let the running means follow the batch's statistics; a step does so once, in its forward pass */
  readonly updateRunningMeans?: boolean;
  /** one tensor a level, to which forward adds and from which inverse takes the log scales; absent: not tracked */
  readonly logDeterminants?: Tensor[];
}

/**
 * A module that rewrites one level of a list of tensors, conditioned on others that it leaves unchanged, and can undo it.
 * Whatever states `forward` and `inverse` trains in a ReversibleChain without keeping activations.
 */
export interface Invertible {
  readonly name: string;
  /** index of the level that it rewrites */
  readonly target: number;
  /** indices of the levels that it reads besides */
  readonly conditions: readonly number[];
  /** the new target level, made by ordinary tape operations; frees what it makes on the way */
  forward(tape: Tape, levels: readonly Tensor[], pass: Pass): Tensor;
  /** the old target level, from levels whose target is the new one */
  inverse(levels: readonly Tensor[], pass: Pass): Tensor;
  /** values that the gradients of this module go to */
  readonly parameters: readonly Tensor[];
  /** optional: a cheaper forward, in place */
  forwardInPlace?(levels: Tensor[], pass: Pass): void;
  /** optional: undoes the module and plays its gradient back at once, in place, adding to its parameters' gradients */
  backward?(levels: Tensor[], gradients: Tensor[], pass: Pass): void;
}

/**
 * Invertible modules in a row. `forward` and `backward` keep nothing but the levels themselves: going back, each module
 * rebuilds its input from its output, so memory does not grow with the number of modules. `forwardOnTape` runs the same chain
 * on a tape that keeps activations, for comparison. Levels belong to the chain while it runs: it replaces and frees them.
 */
export class ReversibleChain {
  constructor(
    readonly modules: readonly Invertible[],
    private readonly parameters: ParameterSet,
  ) {}

  /** Turns the input levels into the output levels, in place; through a part of the modules if one is given. */
  forward(levels: Tensor[], pass: Pass, modules: readonly Invertible[] = this.modules): void {
    for (const module of modules) {
      scope(() => {
        if (module.forwardInPlace) module.forwardInPlace(levels, pass);
        else replace(levels, module.target, module.forward(new Tape(), levels, pass));
        return [levels, pass.logDeterminants];
      });
    }
  }

  /** Turns the output levels back into the input levels, in place. */
  inverse(levels: Tensor[], pass: Pass): void {
    for (const module of this.modules.toReversed()) {
      scope(() => {
        replace(levels, module.target, module.inverse(levels, pass));
        return [levels, pass.logDeterminants];
      });
    }
  }

  /**
   * From the output levels and d(loss)/d(output) to the input levels and d(loss)/d(input), both in place; the gradients of
   * the parameters are added to those of the parameter set. Running means stay.
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

  /** The output levels, recorded on `tape` with everything that its gradients need. The input levels stay. */
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

  /** What works for every module: invert it, run it forward once more on a tape of its own, play that back. */
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

/** Puts a new tensor in the place of a level and frees the old one. */
export function replace(levels: Tensor[], level: number, tensor: Tensor): void {
  levels[level].free();
  levels[level] = tensor;
}
