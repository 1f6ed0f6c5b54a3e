import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Checkpoint } from '../../src/checkpoint/checkpoint';
import { decodeCheckpoint } from '../../src/checkpoint/decode';
import { encodeCheckpoint } from '../../src/checkpoint/encode';
import { Random } from '../../src/core/random';
import { readSafetensors, type Safetensor } from '../../src/core/safetensors';
import { writeSafetensors } from '../../src/core/write-safetensors';
import { writeSealed } from '../../src/core/write-sealed';
import { IMAGENET } from '../../src/ops/preprocess';
import { latentShape, type PyramidFlowConfig } from '../../src/pyramidflow/config';
import { initialTensors } from '../../src/pyramidflow/initialize';
import { tensorShapes } from '../../src/pyramidflow/tensors';
import { elements } from '../../src/tensor/tensor';
import { assertClose } from '../support/assert-close';
import { assertRejects } from '../support/assert-rejects';
import { asOldFormat } from '../support/old-checkpoint';

const CONFIG: PyramidFlowConfig = { channels: 3, levels: 2, stacks: 1, kernel: 3, norm: 'CVN', height: 4, width: 6 };
const TRAINED = [...tensorShapes(CONFIG)].filter(([, { trained }]) => trained);
const ramp = (length: number, offset: number) => Float32Array.from({ length }, (_, i) => offset + i / 64);
const moments = (offset: number) => new Map(TRAINED.map(([name, { shape }]) => [name, ramp(elements(shape), offset)]));

const FULL: Checkpoint = {
  config: CONFIG,
  category: 'metal_nut',
  normalization: IMAGENET,
  tensors: initialTensors(CONFIG, new Random(4)),
  template: [0, 1].map((level) => ramp(elements(latentShape(CONFIG, level)), level)),
  threshold: 0.1 + 0.2,
  training: {
    settings: {
      epochs: 3,
      batch: 2,
      seed: 0,
      memory: 'reversible',
      augmentation: 'none',
      learningRate: 2e-4,
      betas: [0.5, 0.9],
      epsilon: 1e-4,
      weightDecay: 1e-5,
      clipNorm: 1,
    },
    images: 2,
    log: [1, 2].map((epoch) => ({ epoch, loss: epoch / 3, gradientNorm: 2e-7, reconstructionError: 1e-6 })),
    random: [1, 2, 3, 2 ** 32 - 1],
    optimizer: { steps: 2, first: moments(-1), second: moments(1) },
  },
  manifest: [
    { name: 'good/0.png', bytes: 12, sha256: 'a'.repeat(64) },
    { name: 'good/1.png', bytes: 0, sha256: '0'.repeat(64) },
  ],
};

const { template: _, threshold: __, training: ___, manifest: ____, ...BARE } = FULL;
const FILES: readonly (readonly [name: string, checkpoint: Checkpoint])[] = [
  ['weights alone', BARE],
  ['a finished model', { ...BARE, template: FULL.template, threshold: FULL.threshold }],
  ['a model without a threshold', { ...BARE, template: FULL.template }],
  ['training under way', { ...BARE, training: FULL.training, manifest: FULL.manifest }],
  ['everything', FULL],
];

for (const [name, checkpoint] of FILES) {
  test(`${name}: what is written is read back, and written again gives the same bytes`, async () => {
    const bytes = await encodeCheckpoint(checkpoint);
    const back = await decodeCheckpoint(bytes);
    const { tensors, checksum, ...rest } = back;
    const { tensors: expected, ...others } = checkpoint;
    const absent = { template: undefined, threshold: undefined, training: undefined, manifest: undefined };
    assert.equal(rest, { ...absent, ...others });
    assert.match(checksum!, /^[0-9a-f]{64}$/);
    assert.equal([...tensors.keys()], [...expected.keys()]);
    for (const [key, { shape, data }] of expected) {
      assert.equal(tensors.get(key)!.shape, shape, key);
      assertClose(tensors.get(key)!.data, data, 0, key);
    }
    assertClose(await encodeCheckpoint(back), bytes, 0, 'bytes');
  });
}

const whole = await encodeCheckpoint(FULL);
const dataLength = [...readSafetensors(whole).tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);

test('one flipped bit anywhere is noticed', async () => {
  const random = new Random(9);
  const refused = { code: 'CheckpointError' };
  for (let i = 0; i < 300; i++) {
    const bytes = whole.slice();
    const at =
      i < 100
        ? random.uint32() % bytes.length
        : i < 200
          ? random.uint32() % 1500
          : bytes.length - 1 - (random.uint32() % dataLength);
    bytes[at] ^= 1 << (random.uint32() % 8);
    const found = await decodeCheckpoint(bytes).then(
      () => undefined,
      (error) => error,
    );
    // padding in front of the data is white space, whichever
    if (found || bytes[at] > 0x20) assert.is(found?.code, refused.code, `byte ${at}, ${found}`);
  }
});

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

type Metadata = Record<string, string>;
type Damage = (tensors: Map<string, Safetensor>, metadata: Metadata) => void;

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
/** Puts a value of JSON text into a field of a metadata entry, such as `training.log.0.loss`. */
const withField =
  (path: string, json: string): Damage =>
  (_, metadata) => {
    const [key, ...fields] = path.split('.');
    const root = { value: JSON.parse(metadata[key]) };
    let parent: Record<string, unknown> = root;
    let last = 'value';
    for (const field of fields) [parent, last] = [parent[last] as Record<string, unknown>, field];
    parent[last] = '<here>';
    metadata[key] = JSON.stringify(root.value).replace('"<here>"', json);
  };
const setAt = (value: number) => (data: Float32Array) => ({ data: Object.assign(data.slice(), { 3: value }) });
const withConfig = (change: object) => withMetadata('config', JSON.stringify({ ...CONFIG, ...change }));

const REFUSED: readonly (readonly [damage: Damage, error: RegExp])[] = [
  [withMetadata('format', 'other-2'), /format is other-2/],
  [(_, metadata) => void delete metadata.format, /format is not stated/],
  [(_, metadata) => void delete metadata.config, /config is missing/],
  [(_, metadata) => void delete metadata.normalization, /normalization is missing/],
  [withMetadata('config', '{'), /config cannot be read/],
  [withMetadata('training', '['), /training cannot be read/],
  [without('blocks.1.conv2'), /blocks\.1\.conv2 is missing/],
  [without('stem.weight'), /stem\.weight is missing/],
  [without('template.0'), /template\.0 is missing/],
  [without('template.1'), /template\.1 is missing/],
  [without('optimizer.second_moment.blocks.0.conv1'), /optimizer\.second_moment\.blocks\.0\.conv1 is missing/],
  [(tensors) => void [0, 1].map((i) => tensors.delete(`template.${i}`)), /threshold, but no template/],
  [(tensors) => void tensors.set('odd', { dtype: 'F32', shape: [1], data: new Float32Array(1) }), /odd does not belong/],
  [(_, metadata) => void delete metadata.training, /first_moment.* does not belong/],
  [replaced('blocks.0.log_s', () => ({ dtype: 'F64', data: new Float64Array(3) })), /log_s is F64/],
  [replaced('blocks.0.lower', () => ({ shape: [9] })), /lower is \[9\], .*\[3,3\]/],
  [replaced('template.0', () => ({ shape: [1, 3, 6, 4] })), /template\.0 is \[1,3,6,4\]/],
  [replaced('blocks.1.conv1', setAt(NaN)), /blocks\.1\.conv1 holds NaN at 3/],
  [replaced('blocks.0.running_mean', setAt(-Infinity)), /running_mean holds -Infinity at 3/],
  [replaced('blocks.1.conv1', setAt(1e38)), /blocks\.1\.conv1 holds .*e\+37|blocks\.1\.conv1 holds .*e\+38/],
  [replaced('template.1', setAt(NaN)), /template\.1 holds NaN/],
  [replaced('optimizer.second_moment.blocks.0.conv1', setAt(-1)), /second_moment.*-1 at 3/],
  [replaced('blocks.0.sign', (data) => ({ data: data.map(() => 0) })), /sign/],
  [replaced('blocks.0.perm', (data) => ({ data: data.map(() => 1) })), /perm is not a permutation/],
  [replaced('blocks.1.perm', () => ({ data: Float32Array.of(1, 0, 0, 1, 0, 0, 0, 0, 1) })), /perm is not a permutation/],
  [withConfig({ channels: 4 }), /stem\.weight is \[3,3,1,1\]/],
  [withConfig({ stacks: 2 }), /blocks\.2\.conv1 is missing/],
  [withConfig({ kernel: 5 }), /blocks\.0\.conv1 is \[6,3,3,3\]/],
  [withConfig({ kernel: 4 }), /kernel size 4/],
  [withConfig({ norm: 'SVN' }), /running_mean is/],
  [withConfig({ height: 8 }), /running_mean is/],
  [withConfig({ height: 2 ** 32 + 4 }), /4294967300x6/],
];

/** Values as JSON that the field may not have: none of them is a number in its range, a list or an object as needed. */
const NEVER = ['"abc"', 'null', '1e999', '-1e999', 'true', '[]', '{}', '"1"'];
const NOT_POSITIVE = [...NEVER, '0', '-1'];
const NOT_COUNT = [...NOT_POSITIVE, '1.5', '9007199254740993'];
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  config: [...NEVER, '[1]'],
  'config.channels': [...NOT_COUNT, '2', '129'],
  'config.levels': [...NOT_COUNT, '1', '9'],
  'config.stacks': [...NOT_COUNT, '65'],
  'config.kernel': [...NOT_COUNT, '2', '13'],
  'config.norm': [...NEVER, '"CVN "', '0'],
  'config.height': [...NOT_COUNT, '3', '4294967300'],
  'config.width': [...NOT_COUNT, '7', '4294967302'],
  normalization: NEVER,
  'normalization.mean': [...NEVER, '[0,0]', '[0,0,null]', '[0,0,1e999]', '[0,0,0,0]'],
  'normalization.std': [...NEVER, '[0,0,0]', '[1,1]', '[1,1,-1]', '[1,1,1e-30]', '[1,1,1e30]'],
  threshold: NOT_POSITIVE,
  training: NEVER,
  'training.settings': NEVER,
  'training.settings.epochs': [...NOT_COUNT, '1'],
  'training.settings.batch': [...NOT_COUNT, '1', '3'],
  'training.settings.seed': [...NEVER, '-1', '0.5'],
  'training.settings.memory': [...NEVER, '"full"'],
  'training.settings.augmentation': [...NEVER, '"flips"'],
  'training.settings.learningRate': NOT_POSITIVE,
  'training.settings.betas': [...NEVER, '[0.5]', '[0.5,2]', '[-1,0.9]'],
  'training.settings.epsilon': NOT_POSITIVE,
  'training.settings.weightDecay': [...NEVER, '-1'],
  'training.settings.clipNorm': NOT_POSITIVE,
  'training.images': [...NOT_COUNT, '1', '3'],
  'training.log': ['"abc"', 'null', '{}', '[null]', '[[]]', '[{}]', '[1]'],
  'training.log.0.epoch': [...NOT_COUNT, '2'],
  'training.log.0.loss': NEVER,
  'training.log.1.gradientNorm': [...NEVER, '-1'],
  'training.log.1.reconstructionError': [...NEVER, '-1'],
  'training.random': [...NEVER, '[1,2,3]', '[0,0,0,0]', '[1,2,3,-1]', '[1,2,3,4294967296]', '[1,2,3,0.5]'],
  'training.optimizerSteps': [...NEVER, '-1', '0', '1.5'],
  manifest: ['"abc"', 'null', '{}', '[]', '[null]', '[["a",1]]', '[["a",1,"b"],["a",1,"b"]]'],
};

/** The error of a file that was damaged before its checksums were made. */
async function errorOf(damage: Damage): Promise<{ code?: string; message: string }> {
  const { tensors, metadata } = readSafetensors(whole);
  delete metadata.data_sha256;
  delete metadata.header_sha256;
  damage(tensors, metadata);
  const outcome = decodeCheckpoint(await writeSealed(tensors, metadata));
  return outcome.then(
    () => ({ message: 'it was accepted' }),
    (error) => error,
  );
}

for (const [damage, message] of REFUSED) {
  test(`refuses by name: ${message.source}`, async () => {
    const error = await errorOf(damage);
    assert.is(error.code, 'CheckpointError', error.message);
    assert.match(error.message, message);
  });
}

for (const [path, values] of Object.entries(FIELDS)) {
  test(`refuses what ${path} cannot be`, async () => {
    for (const value of values) {
      const error = await errorOf(withField(path, value));
      assert.is(error.code, 'CheckpointError', `${value}: ${error.message}`);
      assert.ok(error.message.includes(path.split('.')[0]), `${value}: ${error.message}`);
    }
  });
}

test('a file without one of its checksums is refused, and so is a truncated one', async () => {
  for (const lost of [['data_sha256'], ['header_sha256'], ['data_sha256', 'header_sha256']]) {
    const { tensors, metadata } = readSafetensors(whole);
    for (const name of lost) delete metadata[name];
    await assertRejects(() => decodeCheckpoint(writeSafetensors(tensors, metadata)), 'CheckpointError', /checksum/);
  }
  for (const length of [0, 7, 100, whole.length - 1]) {
    await assertRejects(() => decodeCheckpoint(whole.subarray(0, length)), 'CheckpointError', /bytes/);
  }
});

test('a file of the old format is read, without a checksum', async () => {
  const { checksum, manifest, training, template } = await decodeCheckpoint(asOldFormat(whole));
  assert.equal([checksum, manifest], [undefined, undefined]);
  assert.equal(training, FULL.training);
  assert.equal(template, FULL.template);
});

test('a checkpoint that could not be read back is not written', async () => {
  const conv1 = FULL.tensors.get('blocks.0.conv1')!;
  const diverged = new Map([...FULL.tensors, ['blocks.0.conv1', { ...conv1, data: conv1.data.map(() => 1e7) }]]);
  await assertRejects(() => encodeCheckpoint({ ...FULL, tensors: diverged }), 'NumericError', /conv1/);
  await assertRejects(() => encodeCheckpoint({ ...FULL, threshold: NaN }), 'NumericError', /threshold/);
});

test('a log of a million epochs is written and read', async () => {
  const log = Array.from({ length: 1e6 }, (_, i) => ({ epoch: i + 1, loss: 1, gradientNorm: 1, reconstructionError: 0 }));
  const { settings, optimizer } = FULL.training!;
  const training = {
    ...FULL.training!,
    log,
    settings: { ...settings, epochs: 1e6 },
    optimizer: { ...optimizer, steps: 1e6 },
  };
  const back = await decodeCheckpoint(await encodeCheckpoint({ ...FULL, training }));
  assert.is(back.training!.log.length, 1e6);
});

test.run();
