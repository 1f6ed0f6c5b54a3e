import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, ROOT } from './bundle';
import { files } from './files';

/** Where `npm run examples` finds the pages. */
export const EXAMPLES = 'build/examples';
const STATION = `${EXAMPLES}/station`;
const PAGE = { platform: 'browser', target: 'es2022', minify: true } as const;

/** Builds the example pages. The station is a folder of its own, which any server can serve as it is. */
export async function bundleExamples(): Promise<void> {
  rmSync(join(ROOT, EXAMPLES), { recursive: true, force: true });
  copy(
    'index.html',
    'minimal',
    'moons/index.html',
    'moons/moons.css',
    'station/index.html',
    'station/icon.svg',
    'station/station.webmanifest',
  );
  await bundle(['examples/moons/moons.ts'], {
    ...PAGE,
    alias: { 'pyramidflow/flow': './src/web/flow.ts' },
    outfile: `${EXAMPLES}/moons/moons.js`,
  });
  await bundle(['examples/station/main.ts'], { ...PAGE, outfile: `${STATION}/station.js` });
  await bundle(['examples/station/parts-worker.ts'], { ...PAGE, outfile: `${STATION}/parts-worker.js` });
  await bundle(['src/web/worker.ts'], { ...PAGE, outfile: `${STATION}/web-worker.js` });
  await bundle(['examples/station/station.css'], { ...PAGE, outfile: `${STATION}/station.css` });
  await bundle(['examples/station/service-worker.ts'], {
    ...PAGE,
    outfile: `${STATION}/service-worker.js`,
    define: version(),
  });
}

function copy(...names: readonly string[]): void {
  for (const name of names) cpSync(join(ROOT, 'examples', name), join(ROOT, EXAMPLES, name), { recursive: true });
}

/** The files that the service worker keeps, and a hash of their bytes. */
function version(): { FILES: string; VERSION: string } {
  const kept = files(STATION, '').filter((file) => /\.(html|js|css|svg|webmanifest)$/.test(file));
  const hash = createHash('sha256');
  for (const file of kept) hash.update(file).update(readFileSync(join(ROOT, file)));
  const names = ['./', ...kept.map((file) => file.slice(STATION.length + 1)).filter((name) => name !== 'index.html')];
  return { FILES: JSON.stringify(names), VERSION: JSON.stringify(hash.digest('hex').slice(0, 12)) };
}
