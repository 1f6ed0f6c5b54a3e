import { shortNumber } from '../../src/core/numbers';
import { scaleFor } from '../../src/image/heat-map';
import { loadDetector, type PageDetector } from '../../src/web/index';
import { byId, download } from './dom';
import { announce } from './notices';
import type { State } from './state';
import type { Tasks } from './tasks';

/** Opens, describes and saves the current model. */
export class Models {
  private readonly save = byId<HTMLButtonElement>('save-model');

  constructor(
    private readonly state: State,
    private readonly tasks: Tasks,
  ) {
    const file = byId<HTMLInputElement>('model-file');
    file.addEventListener('change', () => {
      if (file.files?.[0]) void this.open(file.files[0]);
      file.value = ''; // so that the same file can be chosen again
    });
    this.save.addEventListener('click', () => void this.saveModel());
    state.on(['detector', 'modelName', 'busy'], () => this.show());
  }

  /** Opens a model file. If that fails, the current model stays in use. */
  async open(file: File): Promise<void> {
    const name = file.name.replace(/\.safetensors$/, '');
    const detector = await this.tasks.run(`Opening ${file.name}`, ({ signal }) => loadDetector(file, { signal }));
    if (detector) this.use(detector, name);
  }

  use(detector: PageDetector, name: string): void {
    const { state } = this;
    state.now.detector?.dispose();
    state.set({ detector, modelName: name });
    this.inspectAgain();
    announce(`The model ${name} is ready`);
  }

  /** After a new model or template: takes over its threshold and scale, and inspects all parts again. */
  inspectAgain(): void {
    const { detector, parts, generation } = this.state.now;
    const { threshold } = detector!;
    for (const part of parts) part.score = part.ms = part.problem = undefined;
    const scale = threshold === undefined ? 0 : scaleFor(threshold);
    this.state.set({ threshold, scale, generation: generation + 1, parts: [...parts] });
  }

  private async saveModel(): Promise<void> {
    const { detector, modelName } = this.state.now;
    await this.tasks.run('Saving the model', async () =>
      download(`${modelName || 'model'}.safetensors`, await detector!.save()),
    );
  }

  private show(): void {
    const { detector, modelName, busy } = this.state.now;
    this.save.disabled = !detector || busy;
    byId<HTMLInputElement>('model-file').disabled = busy;
    byId('model-line').replaceChildren(detector ? describe(detector, modelName) : 'No model yet');
  }
}

function describe({ config, threshold }: PageDetector, name: string): string {
  const { height, width, channels, levels } = config;
  const limit = threshold === undefined ? 'no threshold' : `trained threshold ${shortNumber(threshold)}`;
  return `${name} · ${width} × ${height} px · ${levels} levels of ${channels} channels · ${limit}`;
}
