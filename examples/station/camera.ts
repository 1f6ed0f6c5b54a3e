import type { PageDetection } from '../../src/web/index';
import { byId } from './dom';
import { announce, report, show } from './notices';
import { type PartImage, type State, verdictOf } from './state';

const HISTORY = 120; // frames in the plot
const VIEW: MediaStreamConstraints = { video: { facingMode: 'environment', width: { ideal: 1280 } } };

/** What to do when a camera does not open, by the name of the browser's error. */
const REMEDIES: Readonly<Record<string, string>> = {
  NotAllowedError: 'allow the camera for this page, beside its address',
  NotFoundError: 'connect a camera, or add images instead',
  NotReadableError: 'close other programs that use the camera',
};

/** Inspects the camera's frames as fast as the GPU can. A frame can be kept as a part. */
export class Camera {
  private readonly toggle = byId<HTMLButtonElement>('camera');
  private readonly capture = byId<HTMLButtonElement>('capture');
  private readonly video = document.createElement('video');
  private stream?: MediaStream;
  private captured = 0;

  constructor(
    private readonly state: State,
    private readonly showLive: (detection: PageDetection) => void,
    private readonly add: (images: PartImage[]) => void,
  ) {
    this.video.muted = this.video.playsInline = true;
    this.toggle.addEventListener('click', () => void (this.stream ? this.stop() : this.start()));
    this.capture.addEventListener('click', () => void this.keepFrame());
    state.on(['detector', 'live'], () => this.showControls());
  }

  private async start(): Promise<void> {
    try {
      if (!navigator.mediaDevices) throw new DOMException('this page has no access to cameras', 'NotFoundError');
      this.stream = await navigator.mediaDevices.getUserMedia(VIEW);
    } catch (error) {
      const { name, message } = error as DOMException;
      const remedy = REMEDIES[name] ?? 'try another camera, or add images instead';
      return show({ code: name, problem: `the camera did not open: ${message}`, remedy });
    }
    this.video.srcObject = this.stream;
    this.state.set({ live: [] });
    try {
      await this.video.play();
      this.capture.focus(); // the live state has shown it
      await this.watch();
    } catch (error) {
      report(error);
    }
    this.stop();
  }

  private async watch(): Promise<void> {
    let before: PageDetection | undefined;
    let announced: string | undefined;
    while (this.stream?.active && this.state.now.detector) {
      const detection = await this.state.now.detector.detect(this.video, { map: 'gpu' });
      if (this.stream) {
        this.showLive(detection);
        const { live = [], threshold } = this.state.now;
        this.state.set({ live: [...live, detection.score].slice(-HISTORY) });
        const verdict = verdictOf(detection.score, threshold);
        if (verdict && verdict !== announced) announce(`Camera: ${(announced = verdict)}`);
      }
      before?.dispose();
      before = detection;
      await new Promise(requestAnimationFrame);
    }
    before?.dispose();
  }

  private stop(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    this.state.set({ live: undefined });
  }

  private async keepFrame(): Promise<void> {
    const name = `camera-${String(++this.captured).padStart(3, '0')}`;
    this.add([{ name, source: await createImageBitmap(this.video) }]);
    announce(`Added ${name} to the list`);
  }

  private showControls(): void {
    const { detector, live } = this.state.now;
    this.toggle.disabled = !detector;
    this.toggle.setAttribute('aria-pressed', String(Boolean(live)));
    this.capture.hidden = !live;
  }
}
