import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describeLog } from '../../../src/node/cli/info';
import { table } from '../../../src/node/cli/shared';
import { printable, printableLines } from '../../../src/node/cli/terminal';
import { describeFailure } from '../../../src/node/describe';

const UNSAFE = [0x00, 0x07, 0x0a, 0x0d, 0x1b, 0x7f, 0x85, 0x9b, 0x061c, 0x200e, 0x2028, 0x202e, 0x2066, 0x2069];

test('control characters are removed, and everything else is kept', () => {
  for (const code of UNSAFE) {
    const shown = printable(`a${String.fromCharCode(code)}b`);
    assert.match(shown, /^a\\(x[0-9a-f]{2}|u[0-9a-f]{4})b$/, code.toString(16));
    assert.is(printable(shown), shown, 'twice is the same as once');
  }
  assert.is(printable('Größe Ω 日本 😀 \\n.png'), 'Größe Ω 日本 😀 \\n.png');
  assert.is(printable('\x1b[31mred\n'), '\\x1b[31mred\\x0a');
  assert.is(printableLines('one\ntwo\r'), 'one\ntwo\\x0d');
});

test('a failure names its file once', () => {
  assert.is(describeFailure('a.png', 'a.png is bad'), 'a.png is bad');
  assert.is(describeFailure('a.png', 'bad'), 'a.png: bad');
});

test('a table has aligned columns, also where a cell holds a line end', () => {
  assert.is(
    table([
      ['a', 'b'],
      ['long', 'c'],
      ['x\ny', 'd'],
    ]),
    'a       b\nlong    c\nx\\x0ay  d',
  );
});

const MILLION = 1_000_000;

test('a table takes a million rows', () => {
  const lines = table(Array.from({ length: MILLION }, (_, i) => [String(i), 'x'])).split('\n');
  assert.equal([lines.length, lines[0], lines.at(-1)], [MILLION, '0       x', '999999  x']);
});

test('of a million epochs the first and the last are listed, with the number left out', () => {
  const log = Array.from({ length: MILLION }, (_, i) => {
    return { epoch: i + 1, loss: 1, gradientNorm: 1, reconstructionError: 0 };
  });
  const lines = describeLog(log).split('\n');
  assert.is(lines.length, 1 + 1000 + 1 + 1000);
  assert.match(lines[1001], /998000 more.*--json/);
  assert.match(lines.at(-1)!, /^1000000 /);
  assert.is(describeLog(log.slice(0, 2000)).split('\n').length, 2001);
});

test.run();
