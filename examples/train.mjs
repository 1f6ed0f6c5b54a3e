// Trains a model on the good images of a folder, evaluates it on the test images, and inspects one image.
//
//   npm run build
//   node examples/train.mjs FOLDER [IMAGE]     FOLDER/good/*.png to learn from, FOLDER/scratched/*.png to test with
import { evaluateFolder, loadDetector, openDataset, openRuntime, readImage, trainFolder } from '../dist/node.js';

const [data, image] = process.argv.slice(2);
if (!data) throw new Error('usage: node examples/train.mjs FOLDER [IMAGE]');

const gpu = await openRuntime(); // the best adapter that Dawn finds here
const model = 'trained.safetensors';

// A small network, to see a result soon. The defaults are the released settings: 256 pixels, 15 epochs, 16 channels.
const settings = { size: { shorter: 64 }, channels: 4, levels: 3, stacks: 1, kernel: 3, epochs: 10, learningRate: 2e-3 };
const onEpoch = ({ log }) => console.log(`epoch ${log.length}: loss ${log.at(-1).loss.toFixed(3)}`);
const trained = await trainFolder(gpu, { ...settings, data, out: model, force: true, onEpoch });
console.log(`${trained.file}: threshold ${trained.threshold.toFixed(3)}`);

// The detector takes images of any size. Its map has the size of the model.
const detector = await loadDetector(model, { gpu });
const dataset = await openDataset(data);
if (dataset.test.length) {
  const { metrics } = await evaluateFolder(detector, dataset);
  console.log(`image AUROC ${metrics.imageAuroc?.toFixed(3) ?? metrics.reasons.imageAuroc}`);
}
if (image) {
  const { score, verdict, map } = await detector.detect(await readImage(image));
  console.log(`${image}: ${verdict}, score ${score.toFixed(3)}, a map of ${map.length} pixels`);
}
detector.dispose(); // frees its memory on the GPU
