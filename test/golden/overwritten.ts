import type { GoldenCase } from './case';

const CHECKED = ['out.eval_latent', 'out.reconstructed'];

/**
 * Whether a training case holds the weights after training where those before it should be. A maker of vectors whose float32 run
 * trains in place on the stored weights writes such cases; gradients, losses and steps then do not follow from `in.*`.
 * Training moves every weight by about the learning rate a step, 100 times more than is allowed here.
 */
export function inputsOverwritten({ op, tensors }: GoldenCase): boolean {
  if (op !== 'train') return false;
  const weights = [...tensors.keys()].filter((name) => /^in\.blocks\.\d+\.conv[12]$/.test(name));
  return weights.every((name) => {
    const after = tensors.get(name.replace(/^in/, 'out.trained'))!.data;
    return tensors.get(name)!.data.every((value, i) => Math.abs(value - after[i]) <= 2e-6);
  });
}

/** What such a case still tells: evaluation and inverse of the trained weights and running means. */
export function trainedPart(golden: GoldenCase): GoldenCase {
  const tensors = new Map<string, never>();
  for (const [name, tensor] of golden.tensors as Map<string, never>) {
    if (name.startsWith('out.trained.')) tensors.set(name.replace('out.trained', 'in'), tensor);
    else if (name === 'in.images' || CHECKED.some((part) => name.startsWith(part))) tensors.set(name, tensor);
  }
  return { ...golden, op: 'trained', tensors };
}
