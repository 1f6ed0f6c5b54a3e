import { readFileSync } from 'node:fs';
import { convolutionFlop } from '../suite/convolutions';
import type { Entry, Inputs } from '../suite/entry';
import { convolutionModel } from './onnx-model';
import { type BaselineRun, baselineEntry, operands, type Task } from './shapes';

/** The part of onnxruntime-common that is used here. */
interface Ort {
  readonly env: { readonly wasm: { numThreads: number; wasmBinary?: Uint8Array } };
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}

interface Session {
  run(feeds: object, fetches: readonly string[]): Promise<Record<string, { readonly data: Float32Array }>>;
  release(): Promise<void>;
}

const RUN_FLOP = { software: 1e8, hardware: 2e10 }; // that one run does at the least, so that its overhead is small
const LAYOUTS = ['NCHW', 'NHWC'] as const;

/** ONNX Runtime as npm `onnxruntime-node`, whose WebGPU provider has its own Dawn, or `onnxruntime-web`, on our GPU object. */
export async function loadOrt(kind: 'node' | 'web', resolve: (path: string) => string): Promise<Ort> {
  const ort = await importOrt(kind, resolve);
  const small = { shape: [1, 4, 8, 8], values: new Float32Array(256) };
  const w = { shape: [4, 4, 3, 3], values: new Float32Array(144) };
  const session = await createSession(ort, convolutionModel({ operator: 'Conv', x: small, w, times: 1 }), 'NCHW');
  await session.run({}, ['tails']);
  return ort;
}

async function importOrt(kind: 'node' | 'web', resolve: (path: string) => string): Promise<Ort> {
  if (kind === 'node') return ((await import(resolve('onnxruntime-node/dist/index.js'))) as { default: Ort }).default;
  const folder = 'onnxruntime-web/dist';
  const ort = (await import(resolve(`${folder}/ort.webgpu.bundle.min.mjs`))) as Ort;
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = readFileSync(new URL(resolve(`${folder}/ort-wasm-simd-threaded.asyncify.wasm`)));
  return ort;
}

/** Forward and the gradient to the input, in both layouts of its WebGPU provider; it has no gradient to the weight. */
export function ortEntries(ort: Ort, name: string, tasks: readonly Task[]): Entry[] {
  return tasks
    .filter(({ part }) => part !== 'gradient to weight')
    .flatMap((task) =>
      LAYOUTS.map((layout) => baselineEntry(task, `${name} ${layout}`, (given) => start(ort, task, layout, given))),
    );
}

async function start(ort: Ort, task: Task, preferredLayout: string, given: Inputs): Promise<BaselineRun> {
  const { shapes, x, w, dy } = operands(task, given);
  const least = RUN_FLOP[given.gpu.adapter.software ? 'software' : 'hardware'];
  const times = Math.max(1, Math.min(64, Math.ceil(least / convolutionFlop(task.sizes))));
  const forward = task.part === 'forward';
  const model = convolutionModel({
    operator: forward ? 'Conv' : 'ConvTranspose',
    x: forward ? { shape: shapes.x, values: x.values } : { shape: shapes.y, values: dy.values },
    w: { shape: shapes.w, values: w.values },
    times,
  });
  const session = await createSession(ort, model, preferredLayout);
  return {
    run: () => session.run({}, ['tails']),
    times,
    read: async () => (await session.run({}, ['y'])).y.data,
    free: () => void session.release(),
  };
}

const createSession = (ort: Ort, model: Uint8Array, preferredLayout: string): Promise<Session> =>
  ort.InferenceSession.create(model, {
    executionProviders: [{ name: 'webgpu', preferredLayout }],
    graphOptimizationLevel: 'disabled', // it would compute the constants beforehand, on the CPU
    extra: { session: { disable_cpu_ep_fallback: '1' } },
    logSeverityLevel: 3,
  });
