import { byId } from './dom';
import { announce, report } from './notices';
import type { State } from './state';

/** What a running task gets. */
export interface Task {
  readonly signal: AbortSignal;
  /** @param done from 0 to 1 */
  progress(done: number, detail: string): void;
}

/** Runs one long task at a time, shown in a bar with a button to cancel it. */
export class Tasks {
  private readonly bar = byId('task');
  private readonly meter = byId<HTMLProgressElement>('task-progress');
  private abort = new AbortController();

  constructor(private readonly state: State) {
    byId('task-cancel').addEventListener('click', () => this.abort.abort());
  }

  /** Runs a task unless another one is running. Returns undefined if it was refused, cancelled or failed; an error is shown. */
  async run<T>(title: string, work: (task: Task) => Promise<T>): Promise<T | undefined> {
    if (this.state.now.busy) return undefined;
    this.state.set({ busy: true });
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.show(title);
    announce(title);
    try {
      return await work({ signal, progress: (done, detail) => this.progress(done, detail) });
    } catch (error) {
      if (signal.aborted) announce(`Cancelled: ${title}`);
      else report(error);
      return undefined;
    } finally {
      this.bar.hidden = true;
      this.state.set({ busy: false });
    }
  }

  private show(title: string): void {
    byId('task-title').textContent = title;
    byId('task-detail').textContent = '';
    this.meter.removeAttribute('value'); // a bar without a value: not known yet
    this.meter.setAttribute('aria-label', title);
    this.bar.hidden = false;
  }

  private progress(done: number, detail: string): void {
    this.meter.value = done;
    byId('task-detail').textContent = detail;
  }
}
