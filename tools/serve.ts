import { PyramidFlowError } from '../src/core/errors';
import { EXAMPLES } from './support/examples';
import { main } from './support/main';
import { serve } from './support/server';

const PORT = 8080;

// Serves the examples, and what they load, to this machine only: `npm run examples [-- PORT]`.
main(async ([wanted = String(PORT)]) => {
  if (!/^\d+$/.test(wanted) || Number(wanted) > 65535) {
    throw new PyramidFlowError('UsageError', `'${wanted}' is not a port`, 'give a number up to 65535');
  }
  const { url } = await serve({ examples: EXAMPLES, dist: 'dist' }, Number(wanted));
  console.log(`examples: ${url}/ (end with Ctrl-C)`);
});
