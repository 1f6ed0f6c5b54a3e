import { ROOT } from './support/bundle';
import { main } from './support/main';
import { BUDGET, bundleEntry, bundleFlowPage, FLOW_BUDGET, type Load } from './support/web';
import { generateShaderTypes } from './wgsl-plugin';

const kibibytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

/** Builds what a page loads and prints the size of what it loads first; exit status 1 where a page is over its budget. */
main(async () => {
  generateShaderTypes();
  print('a page that detects', await bundleEntry('web', 'dist'), BUDGET);
  await bundleEntry('flow-web', 'dist');
  print('a page that trains a RealNVP', await bundleFlowPage('./dist/flow-web.js', ROOT, 'build/flow-page'), FLOW_BUDGET);
});

function print(what: string, { bytes, gzip }: Load, budget: number): void {
  const over = gzip > budget;
  const judgement = `${over ? 'over' : 'within'} the budget of ${kibibytes(budget)}`;
  console.log(`${what}: ${bytes} bytes minified, ${gzip} bytes gzip (${kibibytes(gzip)}, ${judgement})`);
  if (over) process.exitCode = 1;
}
