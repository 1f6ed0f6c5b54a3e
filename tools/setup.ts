import { ensureAdapter } from './setup/ensure-adapter';
import { main } from './support/main';

// Makes this machine ready to build, test and train; does nothing where it is.
main(ensureAdapter);
