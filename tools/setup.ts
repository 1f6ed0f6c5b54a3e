import { ensureAdapter } from './setup/ensure-adapter';
import { ensureBrowser } from './setup/ensure-browser';
import { main } from './support/main';

// Prepares this machine for building and training, and with the argument `browser` for testing. Does nothing where it is ready.
main(([what]) => {
  ensureAdapter();
  if (what === 'browser') ensureBrowser();
});
