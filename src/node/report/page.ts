import type { EpochLog } from '../../checkpoint/checkpoint';
import { shortNumber } from '../../core/numbers';
import { escapeHtml } from '../../core/svg';
import { formatSize } from '../../image/size';
import type { Verdict } from '../../inspection/gpu-detector';
import type { Evaluation, Metric } from '../../metrics/evaluation-run';
import type { PyramidFlowConfig } from '../../pyramidflow/config';
import { describeFailure, describeNetwork } from '../describe';
import type { FailedImage, JudgedImage } from '../evaluate-folder';
import { colorBar, scoreStrips, trainingCurve } from './charts';
import { STYLE } from './style';

/** One test image as the page shows it: its files are relative to the page. */
export interface ImageEntry extends JudgedImage {
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
  /** test images that could not be judged, and why */
  readonly failures: readonly Pick<FailedImage, 'path' | 'error'>[];
  /** number of test images in the data set */
  readonly of: number;
}

const METRIC_TEXTS: readonly (readonly [metric: Metric, name: string, explanation: string])[] = [
  ['imageAuroc', 'Image AUROC', 'defective images score above good ones'],
  ['pixelAuroc', 'Pixel AUROC', 'defective pixels score above normal ones'],
  ['pixelAp', 'Pixel AP', 'average precision over pixels'],
  ['aupro30', 'AUPRO @ 0.3', 'overlap of regions, up to 30 % false positives'],
  ['aupro5', 'AUPRO @ 0.05', 'overlap of regions, up to 5 % false positives'],
  ['aupro100', 'AUPRO @ 1.0', 'overlap of regions, without limit'],
];

/** The whole page of a report, without scripts; the images keep their order. */
export function reportPage(summary: ReportSummary, images: readonly ImageEntry[]): string {
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
<p class="lead">${conclusion(images)}</p>
${problems(summary, images.length)}
<p class="soft">${describeModel(summary)}</p>
</header>
<section aria-labelledby="metrics"><h2 id="metrics">How well defects are found</h2>
<dl class="metrics">
${METRIC_TEXTS.map(([metric, name, text]) => metricCard(name, evaluation, metric, text)).join('\n')}
${card('Time', `${shortNumber(summary.msPerImage)} ms`, 'per image (median): resize, network and map, without decoding')}
</dl>
</section>
<section class="charts">
${log.length ? `<div class="card"><h2>Training</h2>${trainingCurve(log)}</div>` : ''}
<div class="card"><h2>Scores</h2>${scoreStrips(images, threshold)}</div>
</section>
<section aria-labelledby="images"><h2 id="images">Test images, worst judged first</h2>
<div class="card scale">${colorBar(scale, threshold)}</div>
<ul class="images">
${images.map(imageCard).join('\n')}
</ul>
</section>
<footer><p>All heat maps share the scale above. The score of an image is the highest value of its map; an image is called
defective if its score is above the threshold, which comes from good images alone. White lines surround what exceeds it.
Images, maps and masks are shown at the size of the model, ${formatSize(config)}. AUPRO values of different limits cannot
be compared.</p>
</footer>
</main>
</body>
</html>
`;
}

/** Whether a verdict is right, and what inspectors call it. */
function judge({ label, verdict }: ImageEntry): { right: boolean; text: string } | undefined {
  if (!verdict) return undefined;
  if (verdict === 'defective') {
    return label ? { right: true, text: '✓ found' } : { right: false, text: '✗ false alarm' };
  }
  return label ? { right: false, text: '✗ missed' } : { right: true, text: '✓ passed' };
}

function conclusion(images: readonly ImageEntry[]): string {
  const count = (label: 0 | 1, verdict?: Verdict) =>
    images.filter((image) => image.label === label && (!verdict || image.verdict === verdict)).length;
  if (!images.some(({ verdict }) => verdict)) return `${images.length} test images.`;
  const found = `${count(1, 'defective')} of ${count(1)} defective images were found`;
  return `${found}; ${count(0, 'defective')} of ${count(0)} good ones raised a false alarm.`;
}

/** Lists what the metrics leave out, if anything. */
function problems({ failures, of }: ReportSummary, judged: number): string {
  if (judged === of) return '';
  const items = failures.map(({ path, error }) => `<li>${escapeHtml(describeFailure(path, error))}</li>`);
  const unreached = of - judged - failures.length;
  if (unreached > 0) items.push(`<li>${unreached} were not reached</li>`);
  return `<div class="card problems" role="note"><p>Only ${judged} of ${of} test images were judged:</p>
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

function imageCard(image: ImageEntry): string {
  const { path, score, files } = image;
  const verdict = judge(image);
  const badge = verdict ? `<span class="verdict ${verdict.right ? 'right' : 'wrong'}">${verdict.text}</span>` : '';
  return `<li class="card">
<div class="head"><h3>${escapeHtml(path)}</h3><span>score ${shortNumber(score)} ${badge}</span></div>
<div class="views">
${view(files.input, 'image', path)}
${view(files.heat, 'heat map', path)}
${view(files.overlay, 'overlay', path)}
${files.mask === undefined ? missingMask(image) : view(files.mask, 'mask', path)}
</div></li>`;
}

function view(file: string, kind: string, path: string): string {
  const address = file.split('/').map(encodeURIComponent).join('/').replaceAll("'", '%27');
  const image = `<img src="${address}" alt="${kind} of ${escapeHtml(path)}" loading="lazy">`;
  return `<figure><a href="${address}">${image}</a><figcaption>${kind}</figcaption></figure>`;
}

function missingMask({ label }: ImageEntry): string {
  const text = label ? 'no mask' : 'nothing to find';
  return `<figure><div class="none">${text}</div><figcaption>mask</figcaption></figure>`;
}
