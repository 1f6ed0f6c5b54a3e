import { lint } from './support/lint';
import { main } from './support/main';
import { typeCheck } from './support/type-check';

// Formatting, lint and types; with `--repair` what can be repaired is.
main(([option]) => {
  const sound = [lint(option === '--repair'), typeCheck()];
  if (!sound.every(Boolean)) process.exitCode = 1;
});
