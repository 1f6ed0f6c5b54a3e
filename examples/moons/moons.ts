// A page in which a flow learns two moons: points, density, losses, and the time that each kernel takes.
import { Adam, coupling, Flow, mlp, nll, openGpu, Random } from 'pyramidflow/flow';
import { moons } from '../flows/data';

const [BATCH, SHOWN] = [128, 200]; // points of a step, and points that are drawn
const [DRAWN_EVERY, PROFILED_EVERY, MOST_KERNELS, MOST_LOSSES] = [5, 50, 8, 400];
const VIEW = { left: -1.7, right: 2.7, bottom: -1.35, top: 1.58 };
const [COLUMNS, ROWS] = [60, 40]; // of the density

const element = <T extends Element>(id: string): T => document.querySelector<T>(`#${id}`)!;
const run = element<HTMLButtonElement>('run');
const reset = element<HTMLButtonElement>('reset');
const status = element<HTMLElement>('status');
const progress = element<HTMLElement>('progress');
const plane = element<HTMLCanvasElement>('plane');
const losses = element<SVGSVGElement>('losses');
const kernels = element<HTMLTableSectionElement>('kernels');

try {
  await start();
} catch (error) {
  status.textContent = (error as Error).message; // such as a sentence on why there is no WebGPU
  run.disabled = reset.disabled = true;
}

async function start(): Promise<void> {
  const gpu = await openGpu();
  const adapter = gpu.adapter.description || gpu.adapter.architecture;
  let model = newModel();
  let [running, fresh] = [false, false];
  let wake = () => {};
  run.onclick = () => {
    running = !running;
    run.textContent = running ? 'Pause' : 'Start';
    status.textContent = running ? 'Learning.' : 'Paused.';
    wake();
  };
  reset.onclick = () => {
    fresh = true;
    wake();
  };

  // one loop does all the work, so that no two steps run at once, and a flow is freed when no step needs it
  await begin();
  for (;;) {
    if (fresh) {
      fresh = false;
      for (const part of [model.adam, model.flow]) part.free();
      model = newModel();
      await begin();
    }
    if (running) await learn();
    if (running || fresh)
      await new Promise(requestAnimationFrame); // the page stays responsive
    else await new Promise<void>((pressed) => (wake = pressed));
  }

  function newModel() {
    const couplings = Array.from({ length: 6 }, (_, i) => coupling({ network: mlp(32), flip: i % 2 === 1 }));
    const flow = new Flow(gpu, [2], couplings);
    const adam = new Adam(flow.parameters, { learningRate: 5e-3 });
    return { flow, adam, random: new Random(1), losses: [] as number[] };
  }

  async function begin(): Promise<void> {
    progress.textContent = 'Step 0';
    kernels.replaceChildren();
    await show(model);
    status.textContent = running ? 'Learning.' : 'Ready.';
    run.disabled = reset.disabled = false;
  }

  async function learn(): Promise<void> {
    const { flow, adam, random, losses: values } = model;
    const step = () => flow.step(moons(BATCH, random), nll, adam);
    const count = values.length + 1;
    try {
      if (count % PROFILED_EVERY === 2) {
        const profile = await gpu.profile(step);
        values.push(profile.value);
        showKernels(profile.kernels);
      } else values.push(await step());
      progress.textContent = `Step ${count}: ${values.at(-1)!.toFixed(3)} nats a point on ${adapter}`;
      if (count % DRAWN_EVERY === 0) await show(model);
    } catch (error) {
      if (running) run.click();
      status.textContent = (error as Error).message;
    }
  }
}

type Model = { readonly flow: Flow; readonly losses: readonly number[] };

async function show({ flow, losses: values }: Model): Promise<void> {
  showLosses(values);
  const density = await densityOf(flow);
  const [samples] = flow.sample(SHOWN, { seed: 2 });
  const points = await samples!.read();
  samples!.free();
  draw(density, moons(SHOWN, new Random(3)), points);
}

/** exp(log p) at the centres of a grid, from the top left: p(x) = p(z) |det dz/dx|. */
async function densityOf(flow: Flow): Promise<Float32Array> {
  const grid = new Float32Array(2 * COLUMNS * ROWS);
  for (let i = 0; i < COLUMNS * ROWS; i++) {
    const [across, down] = [((i % COLUMNS) + 0.5) / COLUMNS, (Math.floor(i / COLUMNS) + 0.5) / ROWS];
    grid.set([VIEW.left + across * (VIEW.right - VIEW.left), VIEW.top - down * (VIEW.top - VIEW.bottom)], 2 * i);
  }
  const { z, logDet } = flow.forward(grid);
  const [latent, logDets] = await Promise.all([z[0]!.read(), logDet.read()]);
  for (const tensor of [z[0]!, logDet]) tensor.free();
  return logDets.map((value, i) => Math.exp(value - (latent[2 * i]! ** 2 + latent[2 * i + 1]! ** 2) / 2) / (2 * Math.PI));
}

function draw(density: Float32Array, data: Float32Array, samples: Float32Array): void {
  const style = getComputedStyle(document.documentElement);
  const scale = plane.clientWidth * devicePixelRatio;
  [plane.width, plane.height] = [Math.round(scale), Math.round((scale * 2) / 3)];
  const context = plane.getContext('2d')!;
  const image = new ImageData(COLUMNS, ROWS);
  const most = density.reduce((a, b) => Math.max(a, b), 0) || 1;
  for (const [i, value] of density.entries()) image.data.set([255, 190, 40, 255 * Math.sqrt(value / most)], 4 * i);
  const small = new OffscreenCanvas(COLUMNS, ROWS);
  small.getContext('2d')!.putImageData(image, 0, 0);
  context.drawImage(small, 0, 0, plane.width, plane.height);
  for (const [points, color] of [
    [data, '--data'],
    [samples, '--samples'],
  ] as const) {
    context.fillStyle = style.getPropertyValue(color);
    for (let i = 0; i < points.length; i += 2) {
      const x = ((points[i]! - VIEW.left) / (VIEW.right - VIEW.left)) * plane.width;
      const y = ((VIEW.top - points[i + 1]!) / (VIEW.top - VIEW.bottom)) * plane.height;
      context.fillRect(x - devicePixelRatio, y - devicePixelRatio, 2 * devicePixelRatio, 2 * devicePixelRatio);
    }
  }
}

function showLosses(values: readonly number[]): void {
  const every = Math.ceil(values.length / MOST_LOSSES);
  const shown = values.filter((_, i) => i % every === 0);
  const [low, high] = [Math.min(...shown, 0), Math.max(...shown, 1)];
  const points = shown.map((value, i) => {
    return `${(400 * i) / Math.max(1, shown.length - 1)},${115 - (110 * (value - low)) / (high - low)}`;
  });
  losses.querySelector('polyline')!.setAttribute('points', points.join(' '));
  const [first, last] = [values[0]?.toFixed(2), values.at(-1)?.toFixed(2)];
  losses.setAttribute('aria-label', last ? `Losses from ${first} to ${last} nats` : 'No losses yet');
}

function showKernels(
  found: readonly { readonly name: string; readonly calls: number; readonly ms: number | undefined }[],
): void {
  const rows = found.slice(0, MOST_KERNELS).map(({ name, calls, ms }) => {
    const row = document.createElement('tr');
    for (const text of [name, `${calls}`, ms === undefined ? '-' : ms.toFixed(2)]) row.insertCell().textContent = text;
    return row;
  });
  kernels.replaceChildren(...rows);
}
