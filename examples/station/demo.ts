import type { Inspector } from './inspector';
import { type Learn, NETWORKS } from './learn';
import type { SamplePart } from './parts-worker';
import type { PartImage } from './state';
import type { Task, Tasks } from './tasks';

const EPOCHS = 10;

/** Shows what the page does without any files: generates sample parts, learns from the good ones, inspects the others. */
export async function runDemo(tasks: Tasks, learn: Learn, inspector: Inspector): Promise<void> {
  const samples = await tasks.run('Generating sample parts', generateParts);
  if (!samples) return;
  learn.add(samples.learn);
  inspector.add(samples.inspect);
  await learn.train('sample parts', { ...NETWORKS.quick, epochs: EPOCHS });
}

async function generateParts({ signal, progress }: Task): Promise<{ learn: PartImage[]; inspect: PartImage[] }> {
  const worker = new Worker('parts-worker.js', { type: 'module' });
  const samples = { learn: [] as PartImage[], inspect: [] as PartImage[] };
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      worker.onerror = () => reject(new Error('parts-worker.js did not start'));
      worker.onmessage = ({ data: { name, learn, image, of } }: MessageEvent<SamplePart>) => {
        samples[learn ? 'learn' : 'inspect'].push({ name, source: image });
        const done = samples.learn.length + samples.inspect.length;
        progress(done / of, `${done} of ${of}`);
        if (done === of) resolve();
      };
    });
    return samples;
  } finally {
    worker.terminate();
  }
}
