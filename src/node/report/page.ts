import type { EpochLog } from '../../checkpoint/checkpoint';
import { formatSize } from '../../image/size';
import type { Evaluation, Metric } from '../../metrics/evaluate';
import type { PyramidFlowConfig } from '../../pyramidflow/config';
import { named } from '../cli/terminal';
import { describeNetwork } from '../describe';
import { colorBar, scoreStrips, trainingCurve } from './charts';
import { escapeHtml, shortNumber } from './html';
import { STYLE } from './style';

export type Verdict = 'good' | 'defective';

/** One test picture as the page shows it: its files are relative to the page. */
export interface PictureEntry {
  readonly path: string;
  readonly defect: string;
  readonly label: 0 | 1;
  readonly score: number;
  readonly verdict?: Verdict;
  readonly files: { readonly input: string; readonly heat: string; readonly overlay: string; readonly mask?: string };
}

export interface ReportSummary {
  readonly category: string;
  readonly config: PyramidFlowConfig;
  readonly adapter: string;
  readonly evaluation: Evaluation;
  /** median of resize, network and map */
  readonly msPerImage: number;
  readonly threshold?: number;
  /** largest value of the colour scale */
  readonly scale: number;
  readonly log: readonly EpochLog[];
  /** test pictures that are missing here, and why */
  readonly failures: readonly { readonly path: string; readonly error: string }[];
  /** test pictures in the data set */
  readonly of: number;
}

const METRIC_TEXTS: readonly (readonly [metric: Metric, name: string, explanation: string])[] = [
  ['imageAuroc', 'Image AUROC', 'defective parts score above good ones'],
  ['pixelAuroc', 'Pixel AUROC', 'defective pixels score above normal ones'],
  ['pixelAp', 'Pixel AP', 'average precision over pixels'],
  ['aupro30', 'AUPRO @ 0.3', 'overlap of regions, up to 30 % false positives'],
  ['aupro5', 'AUPRO @ 0.05', 'overlap of regions, up to 5 % false positives'],
  ['aupro100', 'AUPRO @ 1.0', 'overlap of regions, without limit'],
];

/** The whole page of a report, without scripts; the pictures come in the order in which they are given. */
export function reportPage(summary: ReportSummary, pictures: readonly PictureEntry[]): string {
  const { category, config, evaluation, threshold, scale, log } = summary;
  const title = `PyramidFlow: ${category || 'report'}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${conclusion(pictures)}</p>
${problems(summary, pictures.length)}
<p class="soft">${describeModel(summary)}</p>
</header>
<section aria-labelledby="metrics"><h2 id="metrics">How well defects are found</h2>
<dl class="metrics">
${METRIC_TEXTS.map(([metric, name, text]) => metricCard(name, evaluation, metric, text)).join('\n')}
${card('Time', `${shortNumber(summary.msPerImage)} ms`, 'a picture (median): resize, network, map; decoding excluded')}
</dl>
</section>
<section class="charts">
${log.length ? `<div class="card"><h2>Training</h2>${trainingCurve(log)}</div>` : ''}
<div class="card"><h2>Scores</h2>${scoreStrips(pictures, threshold)}</div>
</section>
<section aria-labelledby="pictures"><h2 id="pictures">Test pictures, worst judged first</h2>
<div class="card scale">${colorBar(scale, threshold)}</div>
<ul class="pictures">
${pictures.map(pictureCard).join('\n')}
</ul>
</section>
<footer><p>All heat maps use the one scale above. A picture's score is the highest value of its map; it is called
defective above the threshold, which comes from good pictures alone. White lines surround what exceeds it. Pictures,
maps and masks are shown as the model sees them, at ${formatSize(config)}. AUPRO is not comparable between limits.</p>
</footer>
</main>
</body>
</html>
`;
}

/** Whether a verdict is right, and what an inspector would call it. */
function judge({ label, verdict }: PictureEntry): { right: boolean; text: string } | undefined {
  if (!verdict) return undefined;
  if (verdict === 'defective') {
    return label ? { right: true, text: '✓ found' } : { right: false, text: '✗ false alarm' };
  }
  return label ? { right: false, text: '✗ missed' } : { right: true, text: '✓ passed' };
}

function conclusion(pictures: readonly PictureEntry[]): string {
  const count = (label: 0 | 1, verdict?: Verdict) =>
    pictures.filter((picture) => picture.label === label && (!verdict || picture.verdict === verdict)).length;
  if (!pictures.some(({ verdict }) => verdict)) return `${pictures.length} test pictures.`;
  const found = `${count(1, 'defective')} of ${count(1)} defective pictures were found`;
  return `${found}; ${count(0, 'defective')} of ${count(0)} good ones raised a false alarm.`;
}

/** What the metrics leave out; nothing where they leave out nothing. */
function problems({ failures, of }: ReportSummary, judged: number): string {
  if (judged === of) return '';
  const items = failures.map(({ path, error }) => `<li>${escapeHtml(named(path, error))}</li>`);
  const unreached = of - judged - failures.length;
  if (unreached > 0) items.push(`<li>${unreached} were not reached</li>`);
  return `<div class="card problems" role="note"><p>Only ${judged} of ${of} test pictures were judged:</p>
<ul>
${items.join('\n')}
</ul></div>`;
}

function describeModel({ config, log, adapter }: ReportSummary): string {
  const trained = log.length ? `, ${log.length} epochs` : '';
  return escapeHtml(`${formatSize(config)} pixels, ${describeNetwork(config)}${trained}. Computed on ${adapter}.`);
}

function metricCard(name: string, evaluation: Evaluation, metric: Metric, text: string): string {
  const value = evaluation[metric];
  return value === null ? card(name, '–', `undefined: ${evaluation.reasons[metric]}`) : card(name, value.toFixed(3), text);
}

function card(name: string, value: string, text: string): string {
  return `<div class="card"><dt>${name}</dt>
<dd><div class="value">${value}</div><small>${escapeHtml(text)}</small></dd></div>`;
}

function pictureCard(picture: PictureEntry): string {
  const { path, score, files } = picture;
  const verdict = judge(picture);
  const badge = verdict ? `<span class="verdict ${verdict.right ? 'right' : 'wrong'}">${verdict.text}</span>` : '';
  return `<li class="card">
<div class="head"><h3>${escapeHtml(path)}</h3><span>score ${shortNumber(score)} ${badge}</span></div>
<div class="views">
${view(files.input, 'picture', path)}
${view(files.heat, 'heat map', path)}
${view(files.overlay, 'overlay', path)}
${files.mask === undefined ? missingMask(picture) : view(files.mask, 'mask', path)}
</div></li>`;
}

function view(file: string, kind: string, path: string): string {
  const address = file.split('/').map(encodeURIComponent).join('/').replaceAll("'", '%27');
  const image = `<img src="${address}" alt="${kind} of ${escapeHtml(path)}" loading="lazy">`;
  return `<figure><a href="${address}">${image}</a><figcaption>${kind}</figcaption></figure>`;
}

function missingMask({ label }: PictureEntry): string {
  const text = label ? 'no mask' : 'nothing to find';
  return `<figure><div class="none">${text}</div><figcaption>mask</figcaption></figure>`;
}
