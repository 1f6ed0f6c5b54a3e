// Glow (Kingma and Dhariwal, 2018) of two scales learns images of discs.
import { Adam, actNorm, cnn, coupling, Flow, mixing, nll, openGpu, Random, split, squeezed } from 'pyramidflow/flow';
import { discs } from './data';

const SIZE = 16;
const gpu = await openGpu();

/** A step of flow: normalize, mix the channels, change half of them knowing the other half. */
const step = () => [actNorm(), mixing(), coupling({ network: cnn(16) })];
const flow = new Flow(
  gpu,
  [1, SIZE, SIZE],
  [
    squeezed(), // 1 x 16 x 16 -> 4 x 8 x 8
    ...step(),
    ...step(),
    split(), // half of the channels are done: a level of 2 x 8 x 8
    squeezed(), // 2 x 8 x 8 -> 8 x 4 x 4
    ...step(),
    ...step(),
  ],
);
console.log('levels of the latent:', flow.latentShapes.map((shape) => shape.join(' x ')).join(', '));

const adam = new Adam(flow.parameters, { learningRate: 3e-3 });
const random = new Random(2);
export const losses: number[] = []; // nats a pixel
for (let i = 0; i < 40; i++) {
  losses.push((await flow.step(discs(16, SIZE, random), nll, adam)) / SIZE ** 2);
  if (i % 10 === 0) console.log(`step ${i}: ${losses.at(-1)!.toFixed(3)} nats a pixel`);
}
gpu.dispose();
