import { PyramidFlowError } from '../src/core/errors';
import { BENCHMARK_PAGE } from '../tools/support/benchmark-page';
import { main } from '../tools/support/main';
import { serve } from '../tools/support/server';

// Serves the page, which tools/bench.ts has built, to this machine only: `npm run bench -- page [PORT]`.

const PORT = 8081;

main(async ([wanted = String(PORT)]) => {
  if (!/^\d+$/.test(wanted) || Number(wanted) > 65535) {
    throw new PyramidFlowError('UsageError', `'${wanted}' is not a port`, 'give a number up to 65535');
  }
  const { url } = await serve({ benchmarks: BENCHMARK_PAGE }, Number(wanted));
  console.log(
    `benchmark: ${url}/benchmarks/ (end with Ctrl-C); for a phone, put ${BENCHMARK_PAGE} on any server with https`,
  );
});
