import { explainSupport } from '../../src/web/index';
import { Camera } from './camera';
import { makeParts } from './demo';
import { byId } from './dom';
import { connectInputs } from './inputs';
import { Inspector } from './inspector';
import { Learn, NETWORKS } from './learn';
import { Models } from './models';
import { report } from './notices';
import { workOffline } from './offline';
import { Review } from './review';
import { Scores } from './scores';
import { type PartImage, State } from './state';
import { Tasks } from './tasks';
import { Viewer } from './viewer';

const DEMO_EPOCHS = 10;

const state = new State();
const tasks = new Tasks(state);
const models = new Models(state, tasks);
const inspector = new Inspector(state);
const viewer = new Viewer(state, inspector);
const learn = new Learn(state, tasks, models);
new Review(state, inspector);
new Scores(state);

const inspect = (images: PartImage[]) => inspector.add(images);
new Camera(state, (detection) => viewer.showLive(detection), inspect);
connectInputs({
  images: inspect,
  goodParts: (images) => learn.add(images),
  model: (file) => void models.open(file),
});

const demo = byId<HTMLButtonElement>('demo');
demo.addEventListener('click', () => void tryMadeParts());
state.on(['busy'], () => (demo.disabled = state.now.busy));

addEventListener('beforeunload', (event) => state.now.busy && event.preventDefault()); // training would be lost
void showSupport();
workOffline().catch(report);

/** Everything that the page does, without an image of one's own. */
async function tryMadeParts(): Promise<void> {
  const made = await tasks.run('Making parts', makeParts);
  if (!made) return;
  learn.add(made.learn);
  inspector.add(made.inspect);
  await learn.train('made parts', { ...NETWORKS.quick, epochs: DEMO_EPOCHS });
}

async function showSupport(): Promise<void> {
  const { supported, sentence, adapter } = await explainSupport();
  byId('adapter').textContent = supported ? (adapter ?? 'WebGPU') : 'no WebGPU';
  byId('unsupported').hidden = supported;
  byId('unsupported-text').textContent = sentence;
  byId('try').hidden = !supported;
  document.body.toggleAttribute('data-unsupported', !supported);
}
