import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { csvLine, toCsv } from '../../src/core/csv';

test('cells that hold a comma, a quote or a line end are quoted; what is undefined or left out is empty', () => {
  const rows = [{ file: 'a, "b".png', score: 0.5 }, { file: 'two\nlines', score: undefined }, { score: 1e-9 }];
  assert.is(toCsv(['file', 'score'], rows), 'file,score\r\n"a, ""b"".png",0.5\r\n"two\nlines",\r\n,1e-9\r\n');
});

test('text that a spreadsheet would evaluate gets a leading quote; numbers stay numbers', () => {
  const cells = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\r=1', 'a=1', "'", '', -1, +1];
  const expected = `'=1+1,'+1,'-1,'@SUM(A1),'\tx,"'\r=1",a=1,',,-1,1\r\n`;
  assert.is(csvLine(cells), expected);
  assert.is(csvLine(['=HYPERLINK("x";"y")']), `"'=HYPERLINK(""x"";""y"")"\r\n`);
});

test.run();
