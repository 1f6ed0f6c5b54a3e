import { PyramidFlowError } from '../../src/core/errors';
import { randomBytes } from '../../tools/fuzz/mutate';
import { fuzz } from '../../tools/fuzz/run';
import { target } from '../../tools/fuzz/target';
import { main } from '../../tools/support/main';

/** A reader that does this with every input. */
const planted = (name: string, read: (bytes: Uint8Array) => unknown, check: (value: unknown) => void = () => undefined) =>
  target({ name, refusals: ['DataError'], memory: 64 * 2 ** 20, generate: (random) => randomBytes(random, 8), read, check });

const refuse =
  (code: 'DataError' | 'ShapeError', words = 'planted') =>
  () => {
    throw new PyramidFlowError(code, words, 'none');
  };

const kept: Uint8Array[] = [];

main((args) =>
  fuzz(
    [
      planted('sound', (bytes) => bytes[0]),
      planted('refuses', refuse('DataError')),
      planted('throws', () => (undefined as unknown as string).length),
      planted('code', refuse('ShapeError')),
      planted('wordy', refuse('DataError', 'x'.repeat(5000))),
      planted(
        'nonsense',
        () => -1,
        (value) => {
          if (value === -1) throw new Error('nonsense was accepted');
        },
      ),
      planted('crash', () => process.kill(process.pid, 'SIGKILL')),
      planted('lost', () => new Promise(() => undefined)),
      planted('memory', () => kept.push(new Uint8Array(256 * 2 ** 20).fill(1))),
      planted('hang', () => {
        for (;;);
      }),
    ],
    args,
  ),
);
