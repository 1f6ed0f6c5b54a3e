// RealNVP (Dinh et al., 2017) learns two half moons.
import { Adam, coupling, Flow, mlp, nll, openGpu, Random } from 'pyramidflow/flow';
import { moons } from './data';

const gpu = await openGpu();
const couplings = Array.from({ length: 6 }, (_, i) => coupling({ network: mlp(32), flip: i % 2 === 1 }));
const flow = new Flow(gpu, [2], couplings); // of items of two values
const adam = new Adam(flow.parameters, { learningRate: 5e-3 });
const random = new Random(1);

for (let step = 0; step < 150; step++) {
  const loss = await flow.step(moons(128, random), nll, adam);
  if (step % 50 === 0) console.log(`step ${step}: ${loss.toFixed(3)} nats a point`);
}

const { z, logDet } = flow.forward(moons(1000, random));
export const [loss] = await nll(z, logDet).read();
const [samples] = flow.sample(4, { seed: 1 });
console.log(`on new points: ${loss!.toFixed(3)} nats; samples: ${await samples!.read()}`);
gpu.dispose();
