import type { Parameter } from '../autograd/parameters';
import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';
import { convolve, freePrepared, prepareWeights } from '../ops/conv/convolve';
import type { PreparedWeights } from '../ops/conv/weights';
import { decompose } from '../ops/pyramid';
import { scope, unscoped } from '../tensor/scope';
import { Tensor } from '../tensor/tensor';
import { type Block, InferenceBlock } from './block';
import { blockConfigs, checkConfig, couplingLevels, latentShape, type PyramidFlowConfig } from './config';
import { type NamedTensors, tensorShapes } from './tensors';

/** The tensors of a model on the GPU, by name. */
export interface Weights {
  get(name: string): Tensor;
  free(): void;
}

const MOST_PREPARED = 256 * 2 ** 20;

/**
 * PyramidFlow (Lei et al., CVPR 2023): an orthonormal stem, a Laplacian pyramid and a chain of blocks, each an affine coupling
 * between the pyramid's levels and a 1x1 mixing.
 *
 * This is the model as inference needs it; `TrainablePyramidFlow` can be trained and inverted as well.
 *
 * @example
 * const model = PyramidFlow.fromTensors(gpu, checkpoint.config, checkpoint.tensors);
 * model.prepare();
 * const latent = model.forward(images); // finest level first
 */
export class PyramidFlow {
  readonly blocks: readonly Block[];
  private readonly inference: readonly InferenceBlock[];
  private preparedStem: PreparedWeights | undefined;

  constructor(
    readonly gpu: Runtime,
    readonly config: PyramidFlowConfig,
    private readonly weights: Weights,
  ) {
    this.blocks = this.makeBlocks();
    this.inference = this.blocks.map((block) => new InferenceBlock(block));
  }

  /**
   * A model with these weights.
   *
   * @throws PyramidFlowError CheckpointError that names a tensor which is missing or has another shape; UsageError or ShapeError
   *   for a configuration that is not possible
   */
  static fromTensors(gpu: Runtime, config: PyramidFlowConfig, tensors: NamedTensors): PyramidFlow {
    return new PyramidFlow(gpu, config, upload(gpu, hostTensors(config, tensors)));
  }

  /** (C, 3, 1, 1) with orthonormal columns; it is not trained. */
  get stem(): Tensor {
    return this.tensor('stem.weight');
  }

  /**
   * Images -> the pyramid that enters the blocks.
   *
   * @param images (N, 3, H, W), of the configuration's height and width
   * @returns (N, C, H / 2^level, W / 2^level), finest level first
   * @throws PyramidFlowError ShapeError for images of another shape
   */
  embed(images: Tensor): Tensor[] {
    const { height, width } = this.config;
    const [, channels, h, w] = images.shape;
    if (channels !== 3 || h !== height || w !== width) {
      throw new PyramidFlowError(
        'ShapeError',
        `expected images of [N, 3, ${height}, ${width}], got [${images.shape.join(', ')}]`,
        'resize the images to the size of the model',
      );
    }
    return scope(() => decompose(convolve(images, this.preparedStem ?? this.stem), this.config.levels));
  }

  /**
   * Images -> their latent, a pyramid of the shapes of `embed`. The couplings are normalized by the running means.
   *
   * @throws PyramidFlowError ShapeError for images of another shape
   */
  forward(images: Tensor): Tensor[] {
    const levels = this.embed(images);
    for (const block of this.inference) {
      scope(() => {
        block.forward(levels);
        return levels;
      });
    }
    return levels;
  }

  /**
   * Computes once what `forward` would compute from the weights alone for every image: the spectra of convolution weights, and
   * the mixing matrices. Results are the same to the bit. The weights must not change afterwards, so a prepared model cannot be
   * trained. A second call does nothing.
   *
   * With the released settings this takes 38 MiB of GPU memory at 128x128 and 50 MiB at 256x256, until `free`. Spectra take several
   * times the memory of the weights, so of larger models only the first blocks are prepared.
   *
   * @param most bytes, at which preparation stops after the current block; default 256 MiB
   */
  prepare(most = MOST_PREPARED): void {
    if (this.preparedStem) return;
    const { config, gpu } = this;
    const before = gpu.memory.use().live;
    this.preparedStem = unscoped(() => prepareWeights(this.stem, config.height, config.width));
    const shapes = Array.from({ length: config.levels }, (_, level) => latentShape(config, level));
    for (const block of this.inference) {
      if (gpu.memory.use().live - before >= most) break;
      block.prepare(shapes);
    }
  }

  /** Whether `prepare` was called. */
  get isPrepared(): boolean {
    return this.preparedStem !== undefined;
  }

  /** All tensors as they stand in a checkpoint. */
  async tensors(): Promise<NamedTensors> {
    const named: NamedTensors = new Map();
    for (const [name, { shape }] of tensorShapes(this.config)) {
      named.set(name, { shape, data: await this.tensor(name).read() });
    }
    return named;
  }

  /** Frees all that the model holds on the GPU. */
  free(): void {
    if (this.preparedStem) freePrepared(this.preparedStem);
    this.preparedStem = undefined;
    for (const block of this.inference) block.free();
    this.weights.free();
  }

  private makeBlocks(): Block[] {
    const { levels, stacks, norm } = this.config;
    return blockConfigs(levels, stacks).map((block, i) => {
      const name = `blocks.${i}`;
      const tensor = (of: string) => this.tensor(`${name}.${of}`);
      return {
        name,
        kind: block.kind,
        levels: couplingLevels(block),
        norm,
        conv1: tensor('conv1'),
        conv2: tensor('conv2'),
        runningMean: tensor('running_mean'),
        lu: {
          lower: tensor('lower'),
          logS: tensor('log_s'),
          upper: tensor('upper'),
          perm: tensor('perm'),
          sign: tensor('sign'),
        },
      };
    });
  }

  private tensor(name: string): Tensor {
    return this.weights.get(name);
  }
}

/** Name, shape and data of every tensor of a model, and whether it is trained. Throws as `PyramidFlow.fromTensors`. */
export function hostTensors(config: PyramidFlowConfig, tensors: NamedTensors): (Parameter & { readonly name: string })[] {
  checkConfig(config);
  return Array.from(tensorShapes(config), ([name, { shape, trained }]) => {
    return { name, shape, trained, data: pick(tensors, name, shape) };
  });
}

function upload(gpu: Runtime, host: ReturnType<typeof hostTensors>): Weights {
  const tensors = new Map(
    unscoped(() => host.map(({ name, shape, data }) => [name, Tensor.from(gpu, shape, data, name)] as const)),
  );
  return {
    get: (name) => tensors.get(name)!,
    free() {
      for (const tensor of tensors.values()) tensor.free();
    },
  };
}

function pick(tensors: NamedTensors, name: string, shape: readonly number[]): Float32Array {
  const found = tensors.get(name);
  if (!found) {
    throw new PyramidFlowError('CheckpointError', `the tensor ${name} is missing`, 'use a checkpoint of this configuration');
  }
  if (found.shape.length !== shape.length || found.shape.some((size, i) => size !== shape[i])) {
    const problem = `expected the tensor ${name} as [${shape.join(', ')}] for this configuration, got [${found.shape.join(', ')}]`;
    throw new PyramidFlowError('CheckpointError', problem, 'use a checkpoint of this configuration');
  }
  return found.data;
}
