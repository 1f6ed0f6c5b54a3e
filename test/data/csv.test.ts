import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toCsv } from '../../src/data/csv';

test('cells that hold a comma, a quote or a line end are quoted; what is undefined or left out is empty', () => {
  const rows = [{ file: 'a, "b".png', score: 0.5 }, { file: 'two\nlines', score: undefined }, { score: 1e-9 }];
  assert.is(toCsv(['file', 'score'], rows), 'file,score\r\n"a, ""b"".png",0.5\r\n"two\nlines",\r\n,1e-9\r\n');
});

test.run();
