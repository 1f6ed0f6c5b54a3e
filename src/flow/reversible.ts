import type { ParameterSet } from '../autograd/parameters';
import { Tape } from '../autograd/tape';
import { broadcast } from '../ops/broadcast';
import { addInto, zerosLike } from '../ops/elementwise';
import { add } from '../ops/math';
import { scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';
import type { Module, Pass, Tensors } from './bijection';

/** A module and its parameters. */
interface Link {
  readonly module: Module;
  readonly p: Tensors;
}

/** Copies of levels by the number of the module that they enter. */
export type Anchors = Map<number, readonly Tensor[]>;

/** What a pass tracks besides the levels. */
export interface Tracked {
  /** (N), to which the log determinants are added; default: they are not computed */
  readonly logDet?: Tensor;
  /** receives copies of the levels before every `every`-th module */
  readonly anchors?: { readonly kept: Anchors; readonly every: number };
}

/**
 * Invertible modules in a row. `forward` and `backward` keep only the levels themselves: on the way back each module recomputes
 * its input from its output, so memory does not grow with the number of modules. `forwardOnTape` runs the same modules on a tape
 * that keeps activations, for comparison.
 *
 * `forward`, `inverse` and `backward` own the levels that they are given: they replace the tensors in the list, or their contents,
 * and free the old ones.
 *
 * @example
 * const levels = [fine, coarse];
 * chain.forward(levels, { training: true });
 * const gradients = lossGradients(levels);
 * chain.backward(levels, gradients); // levels are the inputs again, gradients are theirs
 */
export class ReversibleChain {
  private readonly links: readonly Link[];

  /** @param parameters those of a module have names that begin with its prefix and a point */
  constructor(
    readonly modules: readonly Module[],
    private readonly parameters: ParameterSet,
  ) {
    const byPrefix = new Map(modules.map(({ prefix }) => [prefix, {} as Record<string, Tensor>]));
    for (const name of [...parameters.names, ...parameters.fixedNames]) {
      const point = name.lastIndexOf('.');
      const p = byPrefix.get(name.slice(0, point));
      if (p) p[name.slice(point + 1)] = parameters.get(name);
    }
    this.links = modules.map((module) => ({ module, p: byPrefix.get(module.prefix)! }));
  }

  /**
   * Turns input levels into output levels.
   *
   * @param first the module to begin with; default 0
   * @param end the module to end before; default after the last
   */
  forward(levels: Tensor[], pass: Pass, { logDet, anchors }: Tracked = {}, first = 0, end = this.links.length): void {
    for (let i = first; i < end; i++) {
      const { module, p } = this.links[i]!;
      if (anchors && i > 0 && i % anchors.every === 0)
        anchors.kept.set(
          i,
          levels.map((level) => level.copy('anchor')),
        );
      scope(() => {
        if (module.fused && !logDet) return module.fused.forward(levels, p, pass);
        const made = module.forward(levels, p, pass);
        if (logDet && made.logDet) addInto(logDet, spread(made.logDet(), logDet));
        return replaceAll(levels, made.levels);
      });
    }
  }

  /** Lets modules set parameters from the first batch, one after the other. */
  start(levels: Tensor[]): void {
    for (const [i, { module, p }] of this.links.entries()) {
      scope(() => module.start?.(levels, p));
      this.forward(levels, { training: true }, {}, i, i + 1);
    }
  }

  /** Turns output levels into input levels. Arguments as for `forward`. */
  inverse(levels: Tensor[], pass: Pass, first = 0, end = this.links.length): void {
    for (const { module, p } of this.links.slice(first, end).reverse()) {
      scope(() => replaceAll(levels, module.inverse(levels, p, pass)));
    }
  }

  /**
   * Turns output levels and d(loss)/d(output) into input levels and d(loss)/d(input). The gradients of the parameters are added to
   * those in the parameter set. The running means stay as they are.
   *
   * @param dLogDet d(loss)/d(log determinant), (N); default: the loss does not depend on it
   * @param anchors of the forward pass, which take the place of rebuilt levels, and are freed
   * @param rebuilt is called with rebuilt levels and their anchors; the tensors that it returns outlive the pass
   */
  backward(
    levels: Tensor[],
    gradients: Tensor[],
    dLogDet?: Tensor,
    anchors?: Anchors,
    rebuilt?: (levels: readonly Tensor[], anchors: readonly Tensor[]) => unknown,
  ): void {
    const pass: Pass = { training: true };
    for (const [i, link] of [...this.links.entries()].reverse()) {
      scope(() => {
        this.backwardThrough(link, levels, gradients, dLogDet, pass);
        const anchor = anchors?.get(i);
        const compared = anchor && rebuilt?.(levels, anchor);
        if (anchor) replaceAll(levels, anchor);
        anchors?.delete(i);
        return [levels, gradients, compared];
      });
    }
  }

  /**
   * The output levels, computed on `tape`, which keeps what a backward needs. The input levels are left unchanged.
   *
   * @param logDet (N), to which the log determinants are added; default: they are not computed
   */
  forwardOnTape(tape: Tape, levels: readonly Tensor[], pass: Pass, logDet?: Tensor): { levels: Tensor[]; logDet?: Tensor } {
    for (const name of this.parameters.names) tape.watch(this.parameters.get(name));
    return tape.run(() => this.forwardHere(levels, pass, logDet));
  }

  /** The output levels, by operations that whatever tape is open records. The input levels are left unchanged. */
  forwardHere(levels: readonly Tensor[], pass: Pass, logDet?: Tensor): { levels: Tensor[]; logDet?: Tensor } {
    let current: { levels: Tensor[]; logDet?: Tensor } = { levels: [...levels], logDet };
    for (const { module, p } of this.links) {
      const before = current;
      current = scope(() => forwardOf(module, before, p, pass));
      const kept: (Tensor | undefined)[] = [...levels, logDet, ...current.levels, current.logDet];
      for (const old of [...before.levels, before.logDet]) if (!kept.includes(old)) old?.free();
    }
    return current;
  }

  private backwardThrough(
    { module, p }: Link,
    levels: Tensor[],
    gradients: Tensor[],
    dLogDet: Tensor | undefined,
    pass: Pass,
  ): void {
    if (module.fused && !dLogDet) {
      const both = levels.map((value, i) => ({ value, gradient: gradients[i]! }));
      const dp = (name: string) => this.parameters.gradient(`${module.prefix}.${name}`);
      return module.fused.backward(both, p, dp, pass);
    }
    scope(() => replaceAll(levels, module.inverse(levels, p, pass)));
    const tape = new Tape();
    tape.watch(...levels, ...Object.values(p));
    const found = scope(() => {
      const start = dLogDet && zerosLike(dLogDet, 'log det');
      const { levels: outputs, logDet } = tape.run(() => forwardOf(module, { levels, logDet: start }, p, pass));
      const seeds = outputs.map((output, i) => [output, gradients[i]!] as const);
      return tape.backward(logDet ? [...seeds, [logDet, dLogDet!.copy()]] : seeds);
    });
    const before = levels.map((level) => found.get(level) ?? zerosLike(level, 'gradient'));
    gradients.splice(0, gradients.length, ...before);
    this.parameters.addGradients(found);
  }
}

/** A module forward; it adds to the log determinant, if there is one. */
function forwardOf(
  module: Module,
  { levels, logDet }: { readonly levels: readonly Tensor[]; readonly logDet?: Tensor },
  p: Tensors,
  pass: Pass,
): { levels: Tensor[]; logDet?: Tensor } {
  const made = module.forward(levels, p, pass);
  return { levels: made.levels, logDet: logDet && made.logDet ? add(logDet, spread(made.logDet(), logDet)) : logDet };
}

/** Replaces the tensors of a list by others, and frees those that are not among them. */
export function replaceAll(levels: Tensor[], others: readonly Tensor[]): Tensor[] {
  const old = levels.splice(0, levels.length, ...others);
  for (const level of old) if (!others.includes(level)) level.free();
  return levels;
}

/** A log determinant [1] for all items, as one for each (N). */
function spread(logDet: Tensor, { shape }: Tensor): Tensor {
  return `${logDet.shape}` === `${shape}` ? logDet : broadcast(logDet, shape);
}
