import { PyramidFlowError } from '../core/errors';
import { addInto } from '../ops/elementwise';
import { type Applied, type Recorder, recordedBy } from '../ops/op';
import { expectShape } from '../ops/shape';
import { scope, unscoped } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';

interface TapeNode extends Applied {
  /** views, so that callers may free their own tensors at any time */
  readonly saved: Readonly<Record<string, Tensor>>;
}

/** An output, and d(loss)/d(output) of the same shape. */
export type Seed = readonly [output: Tensor, gradient: Tensor];

/**
 * Records operations as they run, and runs their backward in reverse order, once. It keeps the tensors that the backward will read
 * until then or until `free`, and nothing else: all other tensors belong to the caller or its scope.
 *
 * @example
 * const tape = new Tape();
 * tape.watch(w);
 * const y = tape.run(() => conv2d(x, w));
 * const dw = tape.backward([[y, dy]]).get(w);
 */
export class Tape implements Recorder {
  private nodes: TapeNode[] = [];
  private readonly watched = new Set<Tensor>();
  private spent = false;

  /** Asks for the gradients of these tensors. Operations that do not depend on any of them are not recorded. */
  watch(...leaves: Tensor[]): void {
    for (const leaf of leaves) this.watched.add(leaf);
  }

  /**
   * Runs `work`, and records the operations in it.
   *
   * @param work synchronous
   */
  run<T>(work: () => T): T {
    return recordedBy(this, work);
  }

  /** Called by `apply`. */
  record(applied: Applied): void {
    const { op, inputs, y } = applied;
    if (!Object.values(inputs).some((input) => this.watched.has(input))) return;
    this.watched.add(y);
    const all: Record<string, Tensor | undefined> = { ...inputs, y };
    const saved: Record<string, Tensor> = {};
    for (const name of op.saves) {
      const tensor = all[name]; // inputs may be optional
      if (tensor) saved[name] = unscoped(() => tensor.view(tensor.shape)); // no scope may free it before the backward
    }
    this.nodes.push({ ...applied, saved });
  }

  /**
   * The gradients of sum(output * gradient), over all `seeds`, with respect to the watched tensors.
   *
   * @param seeds the tape takes over their gradients
   * @returns new tensors, by watched tensor; the tape is empty afterwards
   * @throws PyramidFlowError ShapeError for a seed of another shape than its output, or an operation whose gradient has another shape
   *   than its input; UsageError for a second call
   */
  backward(seeds: readonly Seed[]): Map<Tensor, Tensor> {
    if (this.spent) {
      throw new PyramidFlowError('UsageError', 'this tape has run backward already', 'record the operations on a new tape');
    }
    for (const [output, gradient] of seeds) expectShape(gradient, output.shape, `the gradient of ${output.label}`);
    this.spent = true;
    try {
      return scope(() => recordedBy(undefined, () => this.gradients(seeds)));
    } finally {
      this.free();
    }
  }

  /** Drops everything recorded. */
  free(): void {
    this.nodes.forEach(release);
    this.nodes = [];
  }

  private gradients(seeds: readonly Seed[]): Map<Tensor, Tensor> {
    const gradients = new Map<Tensor, Tensor>();
    for (const [output, gradient] of seeds) accumulate(gradients, output, gradient);
    for (let node = this.nodes.pop(); node; node = this.nodes.pop()) {
      const dy = gradients.get(node.y);
      if (dy) {
        this.backwardThrough(node, dy, gradients);
        gradients.delete(node.y);
        dy.free();
      }
      release(node);
    }
    return gradients;
  }

  private backwardThrough({ op, saved, attrs, inputs }: TapeNode, dy: Tensor, gradients: Map<Tensor, Tensor>): void {
    const made = op.backward(dy, saved, attrs);
    const taken = new Set([dy, ...Object.values(saved)]);
    for (const [name, input] of Object.entries(inputs)) {
      const gradient = this.watched.has(input) ? made[name]?.() : undefined;
      if (!gradient) continue;
      expectShape(gradient, input.shape, `the gradient of ${name} that ${op.name} computed`);
      accumulate(gradients, input, taken.has(gradient) ? gradient.copy() : gradient);
      taken.add(gradient);
    }
  }
}

function accumulate(gradients: Map<Tensor, Tensor>, tensor: Tensor, gradient: Tensor): void {
  const sum = gradients.get(tensor);
  if (!sum) {
    gradients.set(tensor, gradient);
    return;
  }
  addInto(sum, gradient);
  gradient.free();
}

function release({ saved }: TapeNode): void {
  for (const view of Object.values(saved)) view.free();
}
