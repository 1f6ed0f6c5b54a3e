import { PyramidFlowError } from '../core/errors';
import { addInto, scaleInto } from '../ops/elementwise';
import { unscoped } from '../tensor/scope';
import type { Tensor } from '../tensor/tensor';

/** The template, the mean latent pyramid of the good images, from one image's latent at a time. */
export class TemplateMean {
  private sums: Tensor[] | undefined;
  private count = 0;

  /** Adds the latent of one image, (1, C, H, W) a level. */
  add(latent: readonly Tensor[]): void {
    this.count++;
    if (!this.sums) this.sums = unscoped(() => latent.map((level, i) => level.copy(`template.${i}`)));
    else this.sums.forEach((sum, i) => addInto(sum, latent[i]!));
  }

  /** The mean; the caller frees it. Throws DataError if no image was added. */
  result(): Tensor[] {
    const { sums, count } = this;
    if (!sums) throw new PyramidFlowError('DataError', 'the template has no images', 'add at least one good image');
    for (const sum of sums) scaleInto(sum, 1 / count);
    this.sums = undefined;
    return sums;
  }
}
