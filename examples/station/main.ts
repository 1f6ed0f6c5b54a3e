import { explainSupport } from '../../src/web/index';
import { Camera } from './camera';
import { runDemo } from './demo';
import { byId } from './dom';
import { connectInputs } from './inputs';
import { Inspector } from './inspector';
import { Learn } from './learn';
import { Models } from './models';
import { report } from './notices';
import { workOffline } from './offline';
import { Review } from './review';
import { Scores } from './scores';
import { type PartImage, State } from './state';
import { Tasks } from './tasks';
import { Viewer } from './viewer';

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
demo.addEventListener('click', () => void runDemo(tasks, learn, inspector));
state.on(['busy'], () => (demo.disabled = state.now.busy));

addEventListener('beforeunload', (event) => state.now.busy && event.preventDefault()); // a training in progress would be lost
void showSupport();
workOffline().catch(report);

async function showSupport(): Promise<void> {
  const { supported, sentence, adapter } = await explainSupport();
  byId('adapter').textContent = supported ? (adapter ?? 'WebGPU') : 'no WebGPU';
  byId('unsupported').hidden = supported;
  byId('unsupported-text').textContent = sentence;
  byId('try').hidden = !supported;
  document.body.toggleAttribute('data-unsupported', !supported);
}
