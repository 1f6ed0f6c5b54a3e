// The simplest flow of a pyramid: the levels of a Laplacian pyramid condition each other. Trained by likelihood.
import {
  Adam,
  cnn,
  coupling,
  Flow,
  mixing,
  nearest,
  nll,
  on,
  openGpu,
  pyramid,
  Random,
  scope,
  Tensor,
} from 'pyramidflow/flow';
import { discs } from './data';

const [SIZE, LEVELS] = [16, 2];
const gpu = await openGpu();

/** Changes half of a level's channels, knowing the other half and the other level. */
const exchange = (level: number) => [
  on(level, mixing()),
  on(level, coupling({ network: cnn(12), resize: nearest }), { given: [1 - level] }),
];
const shapes = [0, 1].map((level) => [4, SIZE >> level, SIZE >> level]);
const flow = new Flow(gpu, shapes, [...exchange(0), ...exchange(1), ...exchange(0), ...exchange(1)]);

/** Discs in four channels (three of them noise, so that there are halves to couple), as the bands of a pyramid. */
function batch(count: number, random: Random): Tensor[] {
  const images = Float32Array.from({ length: 4 * count * SIZE ** 2 }, () => 0.1 * random.normal());
  const own = discs(count, SIZE, random);
  for (let i = 0; i < count; i++) images.set(own.subarray(i * SIZE ** 2, (i + 1) * SIZE ** 2), 4 * i * SIZE ** 2);
  return scope(() => pyramid(Tensor.from(gpu, [count, 4, SIZE, SIZE], images), LEVELS));
}

const adam = new Adam(flow.parameters, { learningRate: 3e-3 });
const random = new Random(5);
export const losses: number[] = [];
for (let step = 0; step < 30; step++) {
  const bands = batch(8, random);
  losses.push(await flow.step(bands, nll, adam));
  for (const band of bands) band.free();
  if (step % 10 === 0) console.log(`step ${step}: ${losses.at(-1)!.toFixed(0)} nats an image`);
}
gpu.dispose();
