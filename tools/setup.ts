import { ensureAdapter } from './setup/ensure-adapter';
import { ensureBrowser } from './setup/ensure-browser';
import { main } from './support/main';

// Makes this machine ready to build and train, with the argument `browser` also to test; does nothing where it is.
main(([what]) => {
  ensureAdapter();
  if (what === 'browser') ensureBrowser();
});
