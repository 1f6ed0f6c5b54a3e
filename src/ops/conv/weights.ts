import type { Tensor } from '../../tensor/tensor';

/**
 * Weights that no longer change, with what a convolution computes from them alone: `prepareWeights` makes it. A convolution
 * that needs another form than the one kept here computes it from `w`, as it does for a plain tensor.
 */
export interface PreparedWeights {
  /** (Co, Ci, k, k) */
  readonly w: Tensor;
  /** for the direct kernel */
  readonly packed?: Tensor;
  /** for tiles of one size, which is their second axis: (tile / 2 + 1, tile, Ci, Co, 2) */
  readonly spectra?: Tensor;
}

/** Weights of a convolution, (Co, Ci, k, k), prepared or not. */
export type Weights = Tensor | PreparedWeights;

/** The weights themselves, (Co, Ci, k, k). */
export const tensorOf = (weights: Weights): Tensor => ('w' in weights ? weights.w : weights);

/** What was prepared; nothing for a plain tensor. */
export const preparedOf = (weights: Weights): Partial<PreparedWeights> => ('w' in weights ? weights : {});
