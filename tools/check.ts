import { main } from './support/main';
import { typeCheck } from './support/type-check';

main(() => {
  if (!typeCheck()) process.exitCode = 1;
});
