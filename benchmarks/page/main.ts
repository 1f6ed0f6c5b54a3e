import { requestDevice } from '../../src/gpu/device';
import { Runtime } from '../../src/gpu/runtime';
import { compareReports } from '../report/compare';
import { parseReport } from '../report/load';
import { markdownReport } from '../report/table';
import { measure } from '../suite/measure';
import type { Context, Report } from '../suite/record';
import type { Progress } from '../suite/run';
import { element, save, showComparison, showProblem, showReport } from './view';

// The benchmark in a page: the same suite as `npm run bench`. It needs a static server and sends nothing anywhere.

declare const COMMIT: string; // of the checkout that the page was built from

const form = element<HTMLFormElement>('options');
const [run, stop] = [element<HTMLButtonElement>('run'), element<HTMLButtonElement>('stop')];
let report: Report | undefined;
let stopping = false;

run.disabled = true;
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void start();
});
stop.addEventListener('click', () => (stopping = true));
element('save-json').addEventListener('click', () =>
  save(`${fileName()}.json`, `${JSON.stringify(report, undefined, 1)}\n`, 'application/json'),
);
element('save-markdown').addEventListener('click', () => save(`${fileName()}.md`, markdownReport(report!), 'text/markdown'));
const file = element<HTMLInputElement>('open');
file.addEventListener('change', () => void open([...file.files!]));
const drop = element('drop');
for (const [type, over] of [
  ['dragover', true],
  ['dragleave', false],
  ['drop', false],
] as const) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', over);
    if (type === 'drop') void open([...(event.dataTransfer?.files ?? [])]);
  });
}

// After the listeners, so that a file dropped while the adapter is requested is not lost.
const problem = navigator.gpu
  ? await noAdapter()
  : 'This browser has no WebGPU: use a current Chrome, Edge, Safari or Firefox, over https or from localhost.';
element('support').textContent =
  problem ??
  'Every kernel is checked, then timed. Close other tabs and plug in a laptop: only an idle device gives good figures.';
run.disabled = problem !== undefined;

async function noAdapter(): Promise<string | undefined> {
  return (await navigator.gpu.requestAdapter())
    ? undefined
    : 'This browser has WebGPU but found no adapter: the GPU or its driver is not supported.';
}

async function start(): Promise<void> {
  const options = new FormData(form);
  const size = Number(options.get('size')) || undefined;
  setRunning(true);
  let gpu: Runtime | undefined;
  try {
    gpu = new Runtime(await requestDevice(navigator.gpu));
    report = await measure(gpu, about(), {
      quick: options.get('quick') === 'quick',
      filter: String(options.get('filter')),
      size,
      onProgress: showProgress,
    });
    showReport(report);
  } catch (error) {
    if (error !== STOPPED) showProblem((error as Error).message);
  } finally {
    gpu?.dispose();
    setRunning(false);
  }
}

const STOPPED = new Error('stopped');

function showProgress({ phase, done, of, entry }: Progress): void {
  if (stopping) throw STOPPED;
  const bar = document.querySelector('progress')!;
  [bar.max, bar.value] = [of, done];
  element('doing').textContent = `${phase} ${done + 1} of ${of}: ${entry.name}, ${entry.shape}`;
}

function setRunning(running: boolean): void {
  stopping = false;
  run.disabled = running;
  stop.hidden = !running;
  element('progress').hidden = !running;
  if (running) showProblem('');
}

/** Shows the first report; compares the next with it. */
async function open(files: readonly File[]): Promise<void> {
  try {
    showProblem('');
    for (const one of files) {
      const opened = parseReport(await one.text(), one.name);
      if (report) showComparison(compareReports(report, opened));
      else showReport((report = opened));
    }
  } catch (error) {
    showProblem((error as Error).message);
  }
}

function about(): Pick<Context, 'commit' | 'runtime' | 'toggles'> {
  const brands =
    (navigator as { userAgentData?: { brands: { brand: string; version: string }[] } }).userAgentData?.brands ?? [];
  const brand =
    brands.find(({ brand: name }) => !/not.?a.?brand|^chromium$/i.test(name)) ??
    brands.find(({ brand: name }) => name === 'Chromium');
  const [, name, version] = /(Firefox|Version|Chrome)\/([\d.]+)/.exec(navigator.userAgent) ?? [];
  const runtime = brand
    ? { name: brand.brand, version: version ?? brand.version }
    : { name: name === 'Version' ? 'Safari' : (name ?? 'browser'), version: version ?? 'unknown' };
  return { commit: COMMIT, runtime: { ...runtime, platform: navigator.userAgent }, toggles: [] };
}

const fileName = (): string => `pyramidflow-benchmark-${report!.context.date.slice(0, 19).replace(/:/g, '-')}`;
