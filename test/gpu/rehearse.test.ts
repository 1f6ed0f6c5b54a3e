import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../src/core/random';
import { Detector } from '../../src/inspection/detector';
import { openRuntime } from '../../src/node/dawn';
import { addInto, fill, scaleInto } from '../../src/ops/elementwise';
import { IMAGENET } from '../../src/ops/preprocess';
import { latentShape } from '../../src/pyramidflow/config';
import { TrainablePyramidFlow } from '../../src/pyramidflow/trainable';
import { elements, Tensor } from '../../src/tensor/tensor';
import { Trainer } from '../../src/training/step';
import { randomByteImage, SMALL, trainedTensors } from '../support/small-weights';

const gpu = await openRuntime();
const ones = (count: number) => Tensor.from(gpu, [count], new Float32Array(count).fill(1), 'ones');

test('a rehearsal compiles what would run, each once, and runs and copies nothing', async () => {
  const [x, y] = [ones(3), ones(3)];
  await gpu.finish();
  const before = gpu.counts();
  await gpu.rehearse(() => {
    addInto(x, y);
    scaleInto(x, 5);
    addInto(y, x);
    gpu.copy(y.slice, x.slice);
  });
  const after = gpu.counts();
  assert.equal({ ...after, pipelines: 0 }, { ...before, pipelines: 0 });
  assert.is(after.pipelines - before.pipelines, 2);
  assert.equal([...(await x.read()), ...(await y.read())], [1, 1, 1, 1, 1, 1]);
  addInto(x, y);
  scaleInto(x, 5);
  assert.equal([...(await x.read())], [10, 10, 10]);
  assert.is(gpu.counts().pipelines, after.pipelines);
});

test('after a rehearsal that failed, work runs again', async () => {
  const x = ones(1);
  await gpu
    .rehearse(() => assert.unreachable('broken'))
    .then(
      () => assert.unreachable(),
      (error) => assert.match(error.message, /broken/),
    );
  fill(x, 4);
  assert.equal([...(await x.read())], [4]);
});

test('a compiled detector makes no further pipeline, and judges as one that was not compiled', async () => {
  const template = Array.from({ length: SMALL.levels }, (_, i) => new Float32Array(elements(latentShape(SMALL, i))));
  const checkpoint = { config: SMALL, category: '', normalization: IMAGENET, tensors: trainedTensors(), template };
  const image = randomByteImage(new Random(2), { height: 31, width: 20 });
  const detector = Detector.fromCheckpoint(gpu, checkpoint);
  await detector.compile();
  const { pipelines } = gpu.counts();
  const { map } = await detector.detect(image);
  assert.is(gpu.counts().pipelines, pipelines);
  const other = Detector.fromCheckpoint(await openRuntime(), checkpoint);
  assert.equal((await other.detect(image)).map, map);
});

test('a new template and threshold take the place of the old', async () => {
  const zeros = Array.from({ length: SMALL.levels }, (_, i) => new Float32Array(elements(latentShape(SMALL, i))));
  const ones = zeros.map((level) => level.slice().fill(1));
  const checkpoint = { config: SMALL, category: '', normalization: IMAGENET, tensors: trainedTensors() };
  const image = randomByteImage(new Random(2));
  const changed = Detector.fromCheckpoint(gpu, { ...checkpoint, template: zeros });
  changed.setTemplate(ones, 1e-3);
  const expected = await Detector.fromCheckpoint(gpu, { ...checkpoint, template: ones, threshold: 1e-3 }).detect(image);
  assert.is(expected.verdict, 'defective');
  const { map, score, verdict } = await changed.detect(image);
  assert.equal([map, score, verdict], [expected.map, expected.score, expected.verdict]);
});

test('a compiled trainer makes no further pipeline, and steps as one that was not compiled', async () => {
  const steps = [];
  for (const compiled of [true, false]) {
    const gpu = await openRuntime(); // tables that a runtime keeps are new as well
    const trainer = new Trainer(TrainablePyramidFlow.fromTensors(gpu, SMALL, trainedTensors()));
    if (compiled) await trainer.compile(2);
    const { pipelines } = gpu.counts();
    const images = Float32Array.from({ length: 2 * 3 * SMALL.height * SMALL.width }, (_, i) => Math.sin(i));
    const step = await trainer.step(Tensor.from(gpu, [2, 3, SMALL.height, SMALL.width], images));
    assert.is(gpu.counts().pipelines === pipelines, compiled);
    steps.push({
      ...step,
      parameters: [...(await trainer.model.parameters.segments[0]!.values.read())],
      taken: trainer.optimizer.steps,
    });
  }
  assert.ok(steps[0].loss > 0);
  assert.equal(steps[0], steps[1]);
});

test('trim frees pooled memory above a limit, and recorded work still runs', async () => {
  const x = ones(1000);
  const y = ones(1000);
  addInto(x, y);
  y.free();
  const { pooled, live } = gpu.memory.use();
  gpu.trim(pooled);
  assert.is(gpu.memory.use().pooled, pooled, 'not above the limit');
  gpu.trim(0);
  assert.equal([gpu.memory.use().pooled, gpu.memory.use().live, gpu.counts().bindGroups], [0, live, 0]);
  assert.is((await x.read())[999], 2);
});

test.run();
