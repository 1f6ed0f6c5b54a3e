import { loadDetector } from '../../dist/web.js';

const [model, image, verdict, map] = ['model', 'image', 'verdict', 'map'].map((id) => document.getElementById(id));
let detector;

model.onchange = () =>
  attempt(async () => {
    detector?.dispose();
    detector = undefined;
    detector = await loadDetector(model.files[0]);
  });
image.onchange = () => attempt();

async function attempt(first) {
  try {
    await first?.();
    if (!detector || !image.files[0]) return void (verdict.textContent = 'Now choose the other file.');
    const detection = await detector.detect(image.files[0]);
    detection.draw(map, { overlay: true });
    verdict.textContent = `${detection.verdict ?? 'no threshold'}, score ${detection.score.toPrecision(3)}`;
    detection.dispose();
  } catch (error) {
    verdict.textContent = `${error.name}: ${error.message}`;
  }
}
