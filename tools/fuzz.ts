import { fuzz } from './fuzz/run';
import { TARGETS } from './fuzz/targets';
import { main } from './support/main';

// Feeds damaged files to everything that reads them: `npm run fuzz [-- --seconds 60 --seed 1 --only model,bmp]`.
main((args) => fuzz(TARGETS, args));
