import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { putTogether, sealed, takeApart } from '../../tools/fuzz/targets/model-file';

const sha256 = (contents: string | Uint8Array) => createHash('sha256').update(contents).digest('hex');
const DATA = Uint8Array.of(1, 2, 3, 4);
const entry = { dtype: 'U8', shape: [4], data_offsets: [0, 4] };
const withSums = (metadata: object) => ({ header: { __metadata__: metadata, x: entry }, data: DATA });

test('a changed file gets checksums that are right again', () => {
  const forged = sealed(withSums({ format: 'f', data_sha256: 'old', header_sha256: 'old', threshold: '1e999' }));
  const { header, data } = takeApart(putTogether(forged));
  const { header_sha256: sum, ...rest } = header.__metadata__ as Record<string, string>;
  assert.is(rest.data_sha256, sha256(data));
  assert.is(sum, sha256(JSON.stringify({ ...header, __metadata__: rest })));
});

test('a file without checksums gets none', () => {
  assert.equal(sealed(withSums({ format: 'f' })), withSums({ format: 'f' }));
});

test.run();
