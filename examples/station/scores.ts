import { shortNumber } from '../../src/core/numbers';
import { bestF1Threshold } from '../../src/inspection/threshold';
import { byId } from './dom';
import { scorePlot } from './score-plot';
import { type Part, type State, verdictOf } from './state';

/** The plot of scores, the threshold, and how well it agrees with the labels. */
export class Scores {
  private readonly slider = byId<HTMLInputElement>('threshold');
  private readonly best = byId<HTMLButtonElement>('best-threshold');

  constructor(private readonly state: State) {
    this.slider.addEventListener('input', () => this.move(this.slider.valueAsNumber));
    this.best.addEventListener('click', () => this.move(bestF1Threshold(...labelled(state.now.parts))!.threshold));
    state.on(['parts', 'selected', 'threshold', 'scale', 'live'], () => this.showPlot());
    state.on(['detector', 'threshold', 'scale'], () => this.showSlider());
    state.on(['parts', 'threshold'], () => this.showCounts());
  }

  /** Tells the detector too, so that the threshold is saved with the model. */
  private move(threshold: number): void {
    this.state.now.detector?.setThreshold(threshold);
    this.state.set({ threshold });
  }

  private showPlot(): void {
    const { parts, selected, threshold, scale, live } = this.state.now;
    const select = (part: Part) => this.state.set({ selected: part });
    byId('plot').replaceChildren(scorePlot({ parts, selected, threshold, scale, live }, select));
  }

  private showSlider(): void {
    const { detector, threshold, scale } = this.state.now;
    const { slider } = this;
    slider.disabled = !detector || !scale;
    const max = Math.max(scale, threshold ?? 0) || 1;
    [slider.min, slider.max] = [String(max / 1000), String(max)]; // a threshold is above 0
    slider.valueAsNumber = threshold ?? Number(slider.max);
    const text = threshold === undefined ? 'none' : shortNumber(threshold);
    byId('threshold-value').textContent = text;
    slider.setAttribute('aria-valuetext', text);
  }

  private showCounts(): void {
    const { parts, threshold } = this.state.now;
    const count = (label: Part['label'], verdict: string) =>
      parts.filter((part) => part.label === label && verdictOf(part.score, threshold) === verdict).length;
    const [hit, missed] = [count('bad', 'defective'), count('bad', 'good')];
    const [alarm, passed] = [count('good', 'defective'), count('good', 'good')];
    this.best.disabled = !(hit + missed && alarm + passed);
    const found = `${hit} of ${hit + missed} bad parts found`;
    const alarms = `${alarm} false ${alarm === 1 ? 'alarm' : 'alarms'} among ${alarm + passed} good ones`;
    byId('agreement').textContent =
      hit + missed + alarm + passed
        ? `Against your labels: ${found}, ${alarms}.`
        : 'Label parts good or bad to see how well the threshold separates them.';
  }
}

/** Scores and labels (1: bad) of the parts that have both. */
function labelled(parts: readonly Part[]): [scores: Float32Array, labels: Uint8Array] {
  const known = parts.filter(({ score, label }) => score !== undefined && label);
  return [Float32Array.from(known, ({ score }) => score!), Uint8Array.from(known, ({ label }) => Number(label === 'bad'))];
}
