import phaseKernel from '../../shaders/loss/fourier_phase.wgsl';
import { fft2, inverseFft2Real } from '../ops/fft';
import { linearGrid } from '../ops/grid';
import { compose, composeGradient } from '../ops/pyramid';
import { mean } from '../ops/reduce';
import { sizesOf } from '../ops/shape';
import { scope } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';
import { pairDifferences } from './pair-differences';

/** The loss, [1], and its gradients with respect to the levels of a latent, finest first. */
export interface LossAndGradient {
  readonly loss: Tensor;
  readonly gradients: Tensor[];
}

/**
 * loss = mean |FFT2(mean over C of compose(|z_i - z_j|^power))| over all pairs i < j of a batch (paper, equation 8), and its gradient.
 * The gradient of |0| is 0.
 *
 * @param latent (N, C, H / 2^level, W / 2^level) with N of at least 2, finest level first
 * @throws PyramidFlowError ShapeError for a single image
 */
export function fourierLossAndGradient(latent: readonly Tensor[], power: 1 | 2): LossAndGradient {
  return scope(() => {
    const differences = compose(latent.map((x) => pairDifferences.forward({ x }, { power })));
    const [pairs, , height, width] = sizesOf(differences);
    const spectrum = fft2(differences.view([pairs, height, width]));
    const magnitude = Tensor.empty(spectrum.gpu, [pairs, height, width], 'magnitude');
    spectrum.gpu.run(phaseKernel, {
      tensors: { spectrum, magnitude },
      uniforms: { size: magnitude.size },
      grid: linearGrid(magnitude.size),
    });
    const loss = mean(magnitude);
    const dDifferences = inverseFft2Real(spectrum, 1 / magnitude.size).view(differences.shape);
    const dLevels = composeGradient(dDifferences, latent.length);
    const gradients = latent.map((x, i) => pairDifferences.backward(dLevels[i]!, { x }, { power }).x!());
    return { loss, gradients };
  });
}
