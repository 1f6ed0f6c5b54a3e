import { addInto } from '../ops/elementwise';
import type { Op } from '../ops/op';
import { scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';

interface TapeNode {
  readonly op: Op<string, unknown, string>;
  readonly attrs: unknown;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly y: Tensor;
  /** views, so that callers may free their own tensors at any time */
  readonly saved: Readonly<Record<string, Tensor>>;
}

/**
 * Records operations as they run, and runs their backward in reverse order. It keeps the tensors that the backward will read until
 * it has run or `free` is called, and nothing else: all other tensors belong to the caller or its scope.
 *
 * @example
 * const tape = new Tape();
 * tape.watch(w);
 * const y = tape.apply(conv2d, { x, w }, {});
 * const dw = tape.backward([[y, dy]]).get(w);
 */
export class Tape {
  private nodes: TapeNode[] = [];
  private readonly watched = new Set<Tensor>();

  /** Asks for the gradients of these tensors. Operations that do not depend on any of them are not recorded. */
  watch(...leaves: Tensor[]): void {
    for (const leaf of leaves) this.watched.add(leaf);
  }

  /** Runs `op` forward and records it. */
  apply<I extends string, A, S extends I | 'y'>(op: Op<I, A, S>, inputs: Readonly<Record<I, Tensor>>, attrs: A): Tensor {
    const y = op.forward(inputs, attrs);
    if (Object.values<Tensor>(inputs).some((input) => this.watched.has(input))) {
      this.watched.add(y);
      const all: Record<string, Tensor> = { ...inputs, y };
      const kept = op.saves.filter((name) => all[name]); // inputs may be optional
      const saved = Object.fromEntries(kept.map((name) => [name, all[name].view(all[name].shape)]));
      this.nodes.push({ op: op as unknown as TapeNode['op'], attrs, inputs, y, saved });
    }
    return y;
  }

  /**
   * The gradients of sum(output * seed), over all `seeds`, with respect to the watched tensors.
   *
   * @param seeds pairs of an output and d(loss)/d(output); the tape takes over the latter
   * @returns new tensors, by watched tensor; the tape is empty afterwards
   */
  backward(seeds: readonly (readonly [output: Tensor, seed: Tensor])[]): Map<Tensor, Tensor> {
    return scope(() => {
      const gradients = new Map<Tensor, Tensor>();
      for (const [output, seed] of seeds) this.accumulate(gradients, output, seed);
      for (const node of this.nodes.reverse()) {
        const dy = gradients.get(node.y);
        if (dy) {
          this.backwardThrough(node, dy, gradients);
          gradients.delete(node.y);
          dy.free();
        }
        release(node);
      }
      this.nodes = [];
      return gradients;
    });
  }

  /** Drops everything recorded. */
  free(): void {
    this.nodes.forEach(release);
    this.nodes = [];
  }

  private backwardThrough({ op, saved, attrs, inputs }: TapeNode, dy: Tensor, gradients: Map<Tensor, Tensor>): void {
    const made = op.backward(dy, saved, attrs);
    for (const [name, input] of Object.entries(inputs)) {
      const gradient = this.watched.has(input) ? made[name]?.() : undefined;
      if (gradient) this.accumulate(gradients, input, gradient);
    }
  }

  private accumulate(gradients: Map<Tensor, Tensor>, tensor: Tensor, gradient: Tensor): void {
    const sum = gradients.get(tensor);
    if (!sum) {
      gradients.set(tensor, gradient);
      return;
    }
    addInto(sum, gradient);
    gradient.free();
  }
}

function release({ saved }: TapeNode): void {
  for (const view of Object.values(saved)) view.free();
}
