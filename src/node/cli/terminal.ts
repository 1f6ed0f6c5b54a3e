import { fstatSync, writeSync } from 'node:fs';
import { PyramidFlowError } from '../../core/errors';

/** Characters that act on a terminal instead of being shown: control characters, and those that reverse the direction of text. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text on one line, with such characters escaped: file names may hold anything. Idempotent. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** The same for text of several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/**
 * Writes text to stdout, all of it. Throws DataError where it does not fit: on a full disk Node's own stream drops data
 * without an error.
 */
export function writeOutput(text: string): void {
  const kind = fstatSync(process.stdout.fd);
  if (process.stdout.isTTY || !(kind.isFile() || kind.isCharacterDevice())) {
    process.stdout.write(text); // errors come as events
    return;
  }
  const bytes = Buffer.from(text);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(process.stdout.fd, bytes, at);
  } catch (cause) {
    throw outputFailed(cause as Error);
  }
}

/** Reports errors of stdout. A reader that closed the pipe, as `head` does, needs no more output: that is not an error. */
export function watchOutput(onError: (error: PyramidFlowError) => void): void {
  process.stderr.on('error', () => undefined); // there is nowhere left to report it
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') onError(outputFailed(error));
  });
}

function outputFailed(cause: Error): PyramidFlowError {
  const problem = `the result cannot be written to the output: ${cause.message}`;
  return new PyramidFlowError('DataError', problem, 'send it to a place with free space', { cause });
}
