import { ParameterSet } from '../autograd/parameters';
import { PyramidFlowError } from '../core/errors';
import { Random } from '../core/random';
import { Mixing } from '../flow/mixing';
import { type Invertible, type Pass, ReversibleChain } from '../flow/reversible';
import type { Runtime } from '../gpu/runtime';
import { convolve } from '../ops/conv/convolve';
import { compose, decompose } from '../ops/pyramid';
import { scope, unscoped } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';
import { blockPlan, checkConfig, couplingLevels, type PyramidFlowConfig } from './config';
import { AffineCoupling } from './coupling';
import { initialTensors, type NamedTensors, tensorShapes } from './initialize';

/**
 * PyramidFlow (Lei et al., CVPR 2023): an orthonormal stem, a Laplacian pyramid and a chain of affine couplings between its
 * levels, each followed by a 1x1 mixing. Images are (N, 3, H, W); the latent is a pyramid, finest level first.
 */
export class PyramidFlow {
  readonly chain: ReversibleChain;

  private constructor(
    readonly gpu: Runtime,
    readonly config: PyramidFlowConfig,
    readonly parameters: ParameterSet,
    private readonly fixed: ReadonlyMap<string, Tensor>,
    private readonly stemTransposed: Tensor,
  ) {
    this.chain = new ReversibleChain(this.modules(), parameters);
  }

  /** A new model with random weights. Throws UsageError or ShapeError for a configuration that cannot be. */
  static create(gpu: Runtime, config: PyramidFlowConfig, seed = 0): PyramidFlow {
    checkConfig(config);
    return PyramidFlow.fromTensors(gpu, config, initialTensors(config, new Random(seed)));
  }

  /** A model with these weights. Throws CheckpointError that names what is missing or of another shape. */
  static fromTensors(gpu: Runtime, config: PyramidFlowConfig, tensors: NamedTensors): PyramidFlow {
    checkConfig(config);
    const shapes = [...tensorShapes(config)].map(([name, entry]) => ({ name, ...entry }));
    const host = shapes.map(({ name, shape, trained }) => ({ name, shape, trained, data: pick(tensors, name, shape) }));
    const parameters = new ParameterSet(
      host.filter(({ trained }) => trained),
      gpu,
    );
    return unscoped(() => {
      const fixed = host.filter(({ trained }) => !trained);
      const stem = transpose(pick(tensors, 'stem.weight', [config.channels, 3, 1, 1]), config.channels, 3);
      return new PyramidFlow(
        gpu,
        config,
        parameters,
        new Map(fixed.map(({ name, shape, data }) => [name, Tensor.from(gpu, shape, data, name)])),
        Tensor.from(gpu, [3, config.channels, 1, 1], stem, 'stem.weight transposed'),
      );
    });
  }

  /** Images -> the pyramid that enters the chain. */
  embed(images: Tensor): Tensor[] {
    return scope(() => decompose(convolve(images, this.fixed.get('stem.weight')!), this.config.levels));
  }

  /** Images -> latent pyramid. */
  forward(images: Tensor, pass: Pass = { training: false }): Tensor[] {
    const { height, width } = this.config;
    const [, channels, h, w] = images.shape;
    if (channels !== 3 || h !== height || w !== width) {
      throw new PyramidFlowError(
        'ShapeError',
        `images are [${images.shape}]`,
        `this model takes [N, 3, ${height}, ${width}]`,
      );
    }
    const levels = this.embed(images);
    this.chain.forward(levels, pass);
    return levels;
  }

  /** Latent pyramid -> images: every block undone, the pyramid composed, the stem's transpose applied. */
  inverse(latent: readonly Tensor[], pass: Pass = { training: false }): Tensor {
    return scope(() => {
      const levels = latent.map((level) => level.copy());
      this.chain.inverse(levels, pass);
      return convolve(compose(levels), this.stemTransposed);
    });
  }

  /** All tensors as they stand in a checkpoint. */
  async tensors(): Promise<NamedTensors> {
    const named: NamedTensors = new Map();
    for (const [name, { shape, trained }] of tensorShapes(this.config)) {
      named.set(name, { shape, data: await this.tensor(name, trained).read() });
    }
    return named;
  }

  free(): void {
    this.parameters.free();
    this.stemTransposed.free();
    for (const tensor of this.fixed.values()) tensor.free();
  }

  private modules(): Invertible[] {
    const { levels, stacks, norm } = this.config;
    return blockPlan(levels, stacks).flatMap((block, i) => {
      const prefix = `blocks.${i}.`;
      const coupled = couplingLevels(block);
      const trained = (name: string) => this.parameters.get(prefix + name);
      const fixed = (name: string) => this.fixed.get(prefix + name)!;
      const lu = {
        lower: trained('lower'),
        logS: trained('log_s'),
        upper: trained('upper'),
        perm: fixed('perm'),
        sign: fixed('sign'),
      };
      return [
        new AffineCoupling(
          `${prefix}coupling (${block.kind})`,
          this.parameters,
          prefix,
          coupled,
          norm,
          fixed('running_mean'),
        ),
        new Mixing(`${prefix}mixing`, coupled.target, lu),
      ];
    });
  }

  private tensor(name: string, trained: boolean): Tensor {
    return trained ? this.parameters.get(name) : this.fixed.get(name)!;
  }
}

function pick(tensors: NamedTensors, name: string, shape: readonly number[]): Float32Array {
  const found = tensors.get(name);
  if (!found) {
    throw new PyramidFlowError('CheckpointError', `the tensor ${name} is missing`, 'use a checkpoint of this configuration');
  }
  if (found.shape.length !== shape.length || found.shape.some((size, i) => size !== shape[i])) {
    const problem = `the tensor ${name} is [${found.shape}], this configuration needs [${shape}]`;
    throw new PyramidFlowError('CheckpointError', problem, 'use a checkpoint of this configuration');
  }
  return found.data;
}

function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  return data.map((_, at) => data[(at % rows) * columns + Math.floor(at / rows)]);
}
