// RealNVP (Dinh et al., 2017) learns two half moons.
import { Adam, coupling, Flow, mlp, nll, openGpu, Random } from 'pyramidflow/flow';

/** `count` noisy points of two interleaved half circles: x, y, x, y, ... */
export function moons(count: number, random: Random): Float32Array {
  const points = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const angle = Math.PI * random.uniform();
    const [x, y] = i % 2 ? [1 - Math.cos(angle), 0.5 - Math.sin(angle)] : [Math.cos(angle), Math.sin(angle)];
    points.set([x + 0.05 * random.normal(), y + 0.05 * random.normal()], 2 * i);
  }
  return points;
}

const gpu = await openGpu();
const random = new Random(0);
const couplings = Array.from({ length: 8 }, (_, i) => coupling({ network: mlp(64, 64), flip: i % 2 === 1 }));
const flow = new Flow(gpu, [2], couplings);
const adam = new Adam(flow.parameters, { learningRate: 2e-3 });

let loss = NaN;
for (let step = 0; step < 400; step++) {
  loss = await flow.step(moons(512, random), nll, adam);
  if (step % 100 === 99) console.log(`step ${step + 1}: ${loss.toFixed(3)} nats a point`);
}
const [samples] = flow.sample(1000, { seed: 1 });
console.log('the first sample:', (await samples!.read()).subarray(0, 2));
