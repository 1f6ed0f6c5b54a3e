import type { Runtime } from '../../src/gpu/runtime';
import { networkInput, resizedBytes } from '../../src/image/model-input';
import { anomalyMap } from '../../src/inspection/anomaly-map';
import { EvaluationRun } from '../../src/metrics/evaluation-run';
import { scaleInto } from '../../src/ops/elementwise';
import { compose, composeGradient, decompose, decomposeGradient, downOp, upOp } from '../../src/ops/pyramid';
import { ResNetFront } from '../../src/pyramidflow/encoder';
import { fourierLossAndGradient } from '../../src/pyramidflow/fourier-loss';
import { Tensor } from '../../src/tensor/tensor';
import { byNumber, download, type GoldenCase, type Handler, numbered, type Results, uploadUnder } from './case';
import { operation } from './operations';

async function decomposeCase(golden: GoldenCase, gpu: Runtime): Promise<Results> {
  const { x } = uploadUnder(golden, gpu, 'in.');
  const seeds = numbered(uploadUnder(golden, gpu, 'grad_out.'), 'z');
  const bands = decompose(x, golden.attrs.levels);
  return { ...(await download('out.', byNumber(bands, 'z'))), 'grad.x': await decomposeGradient(seeds, x).read() };
}

async function composeCase(golden: GoldenCase, gpu: Runtime): Promise<Results> {
  const bands = numbered(uploadUnder(golden, gpu, 'in.'), 'z');
  const seed = uploadUnder(golden, gpu, 'grad_out.').x;
  const gradients = await download('grad.', byNumber(composeGradient(seed, bands.length), 'z'));
  return { 'out.x': await compose(bands).read(), ...gradients };
}

async function fourierLossCase(golden: GoldenCase, gpu: Runtime): Promise<Results> {
  const latent = numbered(uploadUnder(golden, gpu, 'in.'), 'z');
  const seed = golden.tensors.get('grad_out.loss')!.data[0];
  const { loss, gradients } = fourierLossAndGradient(latent, golden.attrs.p);
  gradients.forEach((gradient) => scaleInto(gradient, seed));
  return { 'out.loss': await loss.read(), ...(await download('grad.', byNumber(gradients, 'z'))) };
}

async function anomalyMapCase(golden: GoldenCase, gpu: Runtime): Promise<Results> {
  const inputs = uploadUnder(golden, gpu, 'in.');
  return { 'out.map': await anomalyMap(numbered(inputs, 'z'), numbered(inputs, 't')).read() };
}

async function preprocess({ tensors, attrs }: GoldenCase, gpu: Runtime): Promise<Results> {
  const { shape, data } = tensors.get('in.image')! as unknown as { shape: number[]; data: Uint8Array };
  const [height, width] = tensors.get('out.resized')!.shape;
  const image = { data, height: shape[0], width: shape[1], channels: 3 };
  const resized = Uint8Array.from(await resizedBytes(gpu, image, height, width).read());
  const input = networkInput(gpu, [{ data: resized, height, width, channels: 3 }], { mean: attrs.mean, std: attrs.std });
  return { 'out.resized': resized, 'out.input': await input.read() };
}

async function encoder({ tensors }: GoldenCase, gpu: Runtime): Promise<Results> {
  const named = new Map([...tensors].map(([name, tensor]) => [name.replace(/^in\./, ''), tensor]));
  const { shape, data } = tensors.get('in.x')!;
  return {
    'out.y': await ResNetFront.fromTensors(gpu, named)
      .forward(Tensor.from(gpu, shape, data, 'x'))
      .read(),
  };
}

async function metrics({ tensors }: GoldenCase): Promise<Results> {
  const maps = tensors.get('in.maps')!;
  const masks = tensors.get('in.masks')!.data as unknown as Uint8Array;
  const [count, height, width] = maps.shape;
  const evaluation = new EvaluationRun({ height, width });
  for (let at = 0; at < count * height * width; at += height * width) {
    const [map, mask] = [maps.data, masks].map((data) => data.subarray(at, at + height * width)) as [
      Float32Array,
      Uint8Array,
    ];
    evaluation.add(map, mask, Math.max(...map), mask.some((pixel) => pixel !== 0) ? 1 : 0);
  }
  const found = await evaluation.result();
  return {
    'out.pixel_auroc': [found.pixelAuroc!],
    'out.image_auroc': [found.imageAuroc!],
    'out.pixel_ap': [found.pixelAp!],
    'out.aupro_30': [found.aupro30!],
    'out.aupro_5': [found.aupro5!],
    'out.aupro_100': [found.aupro100!],
  };
}

/** Pyramid, loss, map, preprocessing, encoder and metrics. */
export const DATA: Readonly<Record<string, Handler>> = {
  down: operation(downOp as never, () => ({})),
  up: operation(upOp as never),
  decompose: decomposeCase,
  compose: composeCase,
  fourier_loss: fourierLossCase,
  anomaly_map: anomalyMapCase,
  preprocess,
  encoder,
  metrics,
};
