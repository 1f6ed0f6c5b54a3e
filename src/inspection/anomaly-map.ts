import { composeBands } from '../ops/pyramid';
import { maxPerItem } from '../ops/reduce';
import { templateDifference } from '../pyramidflow/pair-differences';
import { scope } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';

/**
 * The anomaly map of each image, (N, 1, H, W), larger is more anomalous: the channel mean of the composed differences to the
 * template (paper, equation 9). The mean is taken first, since composing is linear.
 */
export function anomalyMap(latent: readonly Tensor[], template: readonly Tensor[]): Tensor {
  return scope(() => composeBands(latent.map((level, i) => templateDifference(level, template[i]!))));
}

/** The score of each image, (N): the maximum of its map. */
export const imageScores = (map: Tensor): Tensor => maxPerItem(map);
