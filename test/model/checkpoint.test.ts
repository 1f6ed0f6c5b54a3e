import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, latentShape } from '../../src/model/checkpoint';
import type { PyramidFlowConfig } from '../../src/model/config';
import { initialTensors, tensorShapes } from '../../src/model/initialize';
import { type Safetensor, readSafetensors, writeSafetensors } from '../../src/model/safetensors';
import { IMAGENET } from '../../src/ops/preprocess';
import { Random } from '../../src/random';
import { elements } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';

const CONFIG: PyramidFlowConfig = { channels: 3, levels: 2, stacks: 1, kernel: 3, norm: 'CVN', height: 4, width: 6 };
const trained = [...tensorShapes(CONFIG).values()].filter((entry) => entry.trained);
const MOMENTS = trained.reduce((sum, { shape }) => sum + Math.ceil(elements(shape) / 64) * 64, 0);
const ramp = (length: number, offset: number) => Float32Array.from({ length }, (_, i) => offset + i / 64);

const FULL: Checkpoint = {
  config: CONFIG,
  category: 'metal_nut',
  normalization: IMAGENET,
  tensors: initialTensors(CONFIG, new Random(4)),
  template: [0, 1].map((level) => ramp(elements(latentShape(CONFIG, level)), level)),
  threshold: 0.1 + 0.2,
  training: {
    settings: { batch: 2, betas: [0.5, 0.9], memory: 'reversible' },
    log: [{ epoch: 1, loss: 1 / 3, gradientNorm: 2e-7, reconstructionError: 1e-6 }],
    random: [1, 2, 3, 2 ** 32 - 1],
    optimizerSteps: 12,
    firstMoment: ramp(MOMENTS, -1),
    secondMoment: ramp(MOMENTS, 1),
  },
};

const { template: _, threshold: __, training: ___, ...BARE } = FULL;
const FILES: readonly (readonly [name: string, checkpoint: Checkpoint])[] = [
  ['weights alone', BARE],
  ['a finished model', { ...BARE, template: FULL.template, threshold: FULL.threshold }],
  ['training under way', { ...BARE, training: FULL.training }],
  ['everything', FULL],
];

for (const [name, checkpoint] of FILES) {
  test(`${name}: what is written is read back, and written again gives the same bytes`, () => {
    const bytes = encodeCheckpoint(checkpoint);
    const back = decodeCheckpoint(bytes);
    const { tensors, ...rest } = back;
    const { tensors: expected, ...others } = checkpoint;
    assert.equal(rest, { template: undefined, threshold: undefined, training: undefined, ...others });
    assert.equal([...tensors.keys()], [...expected.keys()]);
    for (const [key, { shape, data }] of expected) {
      assert.equal(tensors.get(key)!.shape, shape, key);
      assertClose(tensors.get(key)!.data, data, 0, key);
    }
    assertClose(encodeCheckpoint(back), bytes, 0, 'bytes');
  });
}

test('the latent of a level is half as large as that of the one before', () => {
  const config = { ...CONFIG, channels: 16, levels: 4, height: 256, width: 192 };
  assert.equal(
    [0, 3].map((level) => latentShape(config, level)),
    [
      [1, 16, 256, 192],
      [1, 16, 32, 24],
    ],
  );
});

type Damage = (tensors: Map<string, Safetensor>, metadata: Record<string, string>) => void;

/** Puts `change` in the place of a tensor's properties. */
const replaced =
  (name: string, change: (data: Float32Array) => Partial<Safetensor>): Damage =>
  (tensors) => {
    const tensor = tensors.get(name)!;
    tensors.set(name, { ...tensor, ...change(tensor.data as Float32Array) } as Safetensor);
  };
const without =
  (name: string): Damage =>
  (tensors) =>
    void tensors.delete(name);
const withMetadata =
  (key: string, value: string): Damage =>
  (_, metadata) =>
    void (metadata[key] = value);
const withConfig = (change: object) => withMetadata('config', JSON.stringify({ ...CONFIG, ...change }));
const setAt = (value: number) => (data: Float32Array) => ({ data: Object.assign(data.slice(), { 3: value }) });

const REFUSED: readonly (readonly [damage: Damage, error: RegExp])[] = [
  [withMetadata('format', 'other-2'), /its format is other-2, not pyramidflow-1; give a file that/],
  [(_, metadata) => void delete metadata.format, /its format is not stated/],
  [(_, metadata) => void delete metadata.config, /its config cannot be read/],
  [withMetadata('config', '{'), /its config cannot be read/],
  [withMetadata('normalization', 'x'), /its normalization cannot be read/],
  [withMetadata('threshold', '-'), /its threshold cannot be read/],
  [withMetadata('training', '['), /its training cannot be read/],
  [without('blocks.1.conv2'), /the tensor blocks\.1\.conv2 is missing/],
  [without('stem.weight'), /the tensor stem\.weight is missing/],
  [without('template.1'), /the tensor template\.1 is missing/],
  [without('optimizer.second_moment'), /the tensor optimizer\.second_moment is missing/],
  [replaced('blocks.0.log_s', () => ({ dtype: 'F64', data: new Float64Array(3) })), /blocks\.0\.log_s is F64, not F32/],
  [replaced('blocks.0.lower', () => ({ shape: [9] })), /blocks\.0\.lower is \[9\], its configuration needs \[3,3\]/],
  [
    replaced('template.0', () => ({ shape: [1, 3, 6, 4] })),
    /template\.0 is \[1,3,6,4\], its configuration needs \[1,3,4,6\]/,
  ],
  [
    replaced('optimizer.first_moment', (data) => ({ shape: [64], data: data.slice(0, 64) })),
    /optimizer\.first_moment is \[64\]/,
  ],
  [replaced('blocks.1.conv1', setAt(NaN)), /blocks\.1\.conv1 holds NaN at 3/],
  [replaced('blocks.0.running_mean', setAt(-Infinity)), /blocks\.0\.running_mean holds -Infinity at 3/],
  [withConfig({ channels: 4 }), /stem\.weight is \[3,3,1,1\], its configuration needs \[4,3,1,1\]/],
  [withConfig({ stacks: 2 }), /the tensor blocks\.2\.conv1 is missing/],
  [withConfig({ kernel: 5 }), /blocks\.0\.conv1 is \[6,3,3,3\]/],
  [withConfig({ norm: 'SVN' }), /blocks\.0\.running_mean is/],
  [withConfig({ height: 8 }), /blocks\.0\.running_mean is/],
];

for (const [damage, message] of REFUSED) {
  test(`refuses by name: ${message.source}`, () => {
    const { tensors, metadata } = readSafetensors(encodeCheckpoint(FULL));
    damage(tensors, metadata);
    const bytes = writeSafetensors(tensors, metadata);
    assert.throws(
      () => decodeCheckpoint(bytes),
      (error: Error) => error.name === 'CheckpointError' && message.test(error.message),
    );
  });
}

test('a configuration that cannot be built and a cut file are refused', () => {
  const { tensors, metadata } = readSafetensors(encodeCheckpoint(FULL));
  withConfig({ kernel: 4 })(tensors, metadata);
  assert.throws(() => decodeCheckpoint(writeSafetensors(tensors, metadata)), /kernel is 4/);
  const whole = encodeCheckpoint(FULL);
  for (const length of [0, 7, 100, whole.length - 1]) {
    assert.throws(
      () => decodeCheckpoint(whole.subarray(0, length)),
      (error: Error) => error.name === 'CheckpointError',
    );
  }
});

test.run();
