/** The report's style sheet: light or dark as the reader prefers, one column on a phone, legible in print. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #fff; --ink: #17191f; --soft: #5b6270; --rule: #dde1e8;
  --good: #1b6fd0; --bad: #c2410c; --accent: #6d28d9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #101218; --card: #181b23; --ink: #eceef3; --soft: #9aa3b2; --rule: #2b303c;
    --good: #6cb0ff; --bad: #ff9b63; --accent: #b794ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 1180px; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
header p { max-width: 46rem; }
h1 { font-size: clamp(1.7rem, 4vw, 2.4rem); line-height: 1.15; letter-spacing: -.02em; margin: 0 0 .4rem; }
h2 { font-size: 1.2rem; letter-spacing: -.01em; margin: 0 0 .75rem; }
.lead { font-size: 1.12rem; margin: 0 0 .4rem; }
.soft, figcaption, dt, small { color: var(--soft); }
small { font-size: .82rem; }
section { margin-top: 2.25rem; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 14px; padding: 1.1rem 1.25rem; }
.problems { border-color: var(--bad); overflow-wrap: anywhere; margin: .8rem 0; }
.problems p, .problems ul { margin: 0; }
.metrics .card { padding: .9rem 1rem; }
.metrics { display: grid; gap: .9rem; grid-template-columns: repeat(auto-fit, minmax(142px, 1fr)); margin: 0; }
.metrics dt { font-size: .9rem; }
.metrics dd { margin: 0; }
.metrics small { display: block; line-height: 1.35; }
.metrics .value { font-size: 1.75rem; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.charts { display: grid; gap: .9rem; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); }
svg { display: block; width: 100%; height: auto; font: 15px system-ui, "DejaVu Sans", sans-serif; }
svg text { fill: var(--soft); }
svg .tick { text-anchor: middle; }
svg .row { text-anchor: end; }
svg .rule { stroke: var(--rule); }
svg .line { fill: none; stroke: var(--accent); stroke-width: 2.5; stroke-linejoin: round; }
svg .dots circle { fill: var(--accent); }
svg .good circle { fill: var(--good); fill-opacity: .75; }
svg .defective circle { fill: var(--bad); fill-opacity: .75; }
svg .threshold line { stroke: var(--ink); stroke-dasharray: 5 4; }
svg .threshold text { text-anchor: middle; fill: var(--ink); }
svg .mark { stroke: var(--ink); stroke-width: 2; }
.scale { position: sticky; top: 0; z-index: 1; padding: .5rem 1.25rem .2rem; margin-bottom: 1rem;
  box-shadow: 0 6px 18px rgb(0 0 0 / .08); }
.scale svg { max-width: 560px; margin: 0 auto; }
.images { display: grid; gap: 1rem; list-style: none; margin: 0; padding: 0;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 480px), 1fr)); }
.images h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
.head { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: .3rem .8rem;
  margin-bottom: .7rem; }
.verdict { font-weight: 650; }
.verdict.right { color: var(--good); }
.verdict.wrong { color: var(--bad); }
.views { display: grid; gap: .5rem; grid-template-columns: repeat(4, minmax(0, 1fr)); }
@media (max-width: 420px) { .views { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
figure { margin: 0; }
figcaption { font-size: .8rem; text-align: center; margin-top: .15rem; }
.views img, .none { display: block; width: 100%; border-radius: 8px; border: 1px solid var(--rule); }
.none { display: grid; place-items: center; text-align: center; color: var(--soft); font-size: .8rem;
  aspect-ratio: 1; }
a { color: inherit; }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 8px; }
footer { margin-top: 3rem; color: var(--soft); font-size: .88rem; }
@media print { .scale { position: static; box-shadow: none; } .images li { break-inside: avoid; } }
`;
