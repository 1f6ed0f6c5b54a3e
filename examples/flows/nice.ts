// NICE (Dinh et al., 2015): additive couplings, a scale for every dimension, and a logistic prior.
import {
  Adam,
  add,
  type Bijection,
  coupling,
  div,
  exp,
  Flow,
  type Loss,
  mean,
  mlp,
  mul,
  neg,
  openGpu,
  Random,
  softplus,
  sub,
  sum,
  sumItems,
} from 'pyramidflow/flow';
import { moons } from './data';

/** y = exp(s) x */
const scaling: Bijection = {
  name: 'scaling',
  parameters: ([size = 1]) => ({ s: { shape: [1, size], data: new Float32Array(size) } }),
  forward: (x, { s }) => ({ y: mul(x, exp(s!)), logDet: () => sum(s!) }),
  inverse: (y, { s }) => div(y, exp(s!)),
};

/** -log p(x) in nats, p(z) logistic: -log p(z) = softplus(z) + softplus(-z) (section 3.4) */
const logistic: Loss = ([z], logDet) => mean(sub(sumItems(add(softplus(z!), softplus(neg(z!)))), logDet));

const gpu = await openGpu();
const couplings = Array.from({ length: 4 }, (_, i) => coupling({ network: mlp(32), flip: i % 2 === 1, kind: 'additive' }));
const flow = new Flow(gpu, [2], [...couplings, scaling]);
const adam = new Adam(flow.parameters, { learningRate: 1e-2 });
const random = new Random(4);
export const losses: number[] = [];
for (let step = 0; step < 100; step++) losses.push(await flow.step(moons(128, random), logistic, adam));
console.log(`${losses[0]!.toFixed(3)} nats a point before, ${losses.at(-1)!.toFixed(3)} after`);
gpu.dispose();
