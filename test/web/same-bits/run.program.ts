import { writeFileSync } from 'node:fs';
import { openRuntime } from '../../../src/node/dawn';
import { runWorkloads } from './workloads';

// Runs the workloads on the adapter that the environment chooses; the report goes to the file that is named.
writeFileSync(process.argv[2], JSON.stringify(await runWorkloads(await openRuntime())));
process.exit(0);
