// The framework's public names, by subject. The entries of Node and of pages add `openGpu` and `pyramidBlocks`.

// The GPU: kernels of one's own, and what they cost.

export type { AdapterReport } from '../gpu/device';
export type { Gpu } from '../gpu/gpu';
export type {
  Bindable,
  BufferSlice,
  ElementType,
  KernelCall,
  KernelSource,
  TensorBinding,
  UniformField,
} from '../gpu/kernel';
export type { BufferPool, LabelUse, MemoryUse } from '../gpu/pool';
export type { KernelProfile, Profile } from '../gpu/profile';
export { kernel } from '../gpu/reflect';
export type { Runtime, WorkCount } from '../gpu/runtime';

// Tensors, and scopes that free them.

export { keep, scope } from '../tensor/scope';
export { type DType, type Shape, Tensor, type Values } from '../tensor/tensor';

// Elementwise operations. All operations know their gradients.

export { leakyRelu, softClamp } from '../ops/activation';
export {
  abs,
  add,
  cos,
  div,
  exp,
  log,
  maximum,
  minimum,
  mul,
  neg,
  relu,
  sigmoid,
  sin,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
} from '../ops/math';

// Operations that move values, and sums.

export { broadcast, sumTo } from '../ops/broadcast';
export { channels, concat, gatherChannels } from '../ops/channels';
export { permute, reshape, squeeze, unsqueeze } from '../ops/rearrange';
export { mean, sum } from '../ops/reduce';
export { meanChannels, meanItems, sumChannels, sumItems } from '../ops/sums';

// Layers of networks, images and pyramids.

export { addBias } from '../ops/bias';
export { blur } from '../ops/blur';
export { type ConvolutionOptions, conv2d } from '../ops/conv/convolve';
export { fft2, ifft2 } from '../ops/fft';
export { linear } from '../ops/linear';
export { matmul, type Transposed } from '../ops/matmul';
export { nearest } from '../ops/nearest';
export { compose, down, type Pooling, pyramid, up } from '../ops/pyramid';
export { type VolumeNorm, volumeNorm } from '../ops/volume-norm';

// Operations of one's own.

export { apply, type Op } from '../ops/op';
export { pointwise } from '../ops/pointwise';

// Gradients, and the steps that follow them.

export { Adam, type AdamSettings, type OptimizerState } from '../autograd/adam';
export { grad } from '../autograd/grad';
export { type Parameter, ParameterSet, type Segment } from '../autograd/parameters';

// Flows, and what they are made of.

export { actNorm } from './act-norm';
export {
  type Bijection,
  type Fused,
  type GradientOf,
  type Module,
  on,
  type Pass,
  type Placement,
  type Tensors,
  type Transformed,
  type TransformedLevels,
  type ValueAndGradient,
} from './bijection';
export { type CouplingSettings, coupling } from './coupling';
export { type Batch, Flow, type FlowGradients, type FlowOptions, type GradientOptions, type Loss } from './flow';
export { mixing } from './mixing';
export { cnn, mlp, type Network } from './networks';
export { nll } from './nll';
export { permutation, split, squeezed } from './rearrangements';

// Flows examined, saved and loaded.

export { checkFlow, type FlowReport, type ModuleReport } from './check';
export { loadFlow, saveFlow } from './file';

// Random numbers and errors.

export { type ErrorCode, type ErrorDetails, PyramidFlowError } from '../core/errors';
export { Random } from '../core/random';
