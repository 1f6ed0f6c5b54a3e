import { lint } from './support/lint';
import { main } from './support/main';
import { typeCheck } from './support/type-check';

// Checks formatting, lint and types; `--repair` fixes what can be fixed.
main(([option]) => {
  const sound = [lint(option === '--repair'), typeCheck()];
  if (!sound.every(Boolean)) process.exitCode = 1;
});
