import { byId, html } from './dom';

/** An error or a warning as it is shown. */
export interface Notice {
  readonly code: string;
  readonly problem: string;
  readonly remedy: string;
}

const MOST = 3;

/** What a user reads about an error; undefined for work that the user cancelled. */
export function noticeOf(error: unknown): Notice | undefined {
  const { name, code, problem, remedy, message } = error as Error & Partial<Notice>;
  if (name === 'AbortError') return undefined;
  if (code && problem && remedy) return { code, problem, remedy };
  return { code: name ?? 'Error', problem: message ?? String(error), remedy: 'reload the page if it no longer works' };
}

/** Shows an error until it is dismissed. Screen readers read it out at once. */
export function report(error: unknown): void {
  const notice = noticeOf(error);
  if (notice) show(notice);
}

/** Shows an error or a warning until it is dismissed. */
export function show({ code, problem, remedy }: Notice): void {
  const notices = byId('notices');
  const dismiss = html('button', { type: 'button', class: 'quiet', 'aria-label': `Dismiss: ${problem}` }, 'Dismiss');
  const text = html('p', {}, html('strong', {}, sentence(problem)), ` ${sentence(remedy)} `, html('code', {}, code));
  const item = html('div', { class: 'notice' }, text, dismiss);
  dismiss.addEventListener('click', () => item.remove());
  if ([...notices.children].some((shown) => shown.textContent === item.textContent)) return;
  notices.append(item);
  while (notices.children.length > MOST) notices.firstElementChild!.remove();
}

/** Tells screen readers something, through the page's status line. */
export function announce(text: string): void {
  byId('status').textContent = text;
}

/** A full sentence; a first word that could be the name of a file keeps its case. */
function sentence(text: string): string {
  const start = /^[a-z]+(?=[\s,])/.test(text) ? text[0].toUpperCase() : text[0];
  return `${start}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
