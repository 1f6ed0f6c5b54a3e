import type { MadePart } from './parts-worker';
import type { PartImage } from './state';
import type { Task } from './tasks';

/** Made-up parts: good ones to learn from and others to inspect. Throws the signal's reason. */
export async function makeParts({ signal, progress }: Task): Promise<{ learn: PartImage[]; inspect: PartImage[] }> {
  const worker = new Worker('parts-worker.js', { type: 'module' });
  const made = { learn: [] as PartImage[], inspect: [] as PartImage[] };
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      worker.onerror = () => reject(new Error('parts-worker.js did not start'));
      worker.onmessage = ({ data: { name, learn, image, of } }: MessageEvent<MadePart>) => {
        made[learn ? 'learn' : 'inspect'].push({ name, source: image });
        const done = made.learn.length + made.inspect.length;
        progress(done / of, `${done} of ${of}`);
        if (done === of) resolve();
      };
    });
    return made;
  } finally {
    worker.terminate();
  }
}
