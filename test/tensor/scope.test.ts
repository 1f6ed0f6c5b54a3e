import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { keep, scope, unscoped } from '../../src/tensor/scope';
import { Tensor } from '../../src/tensor/tensor';
import { assertThrows } from '../support/assert-rejects';
import { gpu } from '../support/gpu';

const make = (label = 't') => Tensor.empty(gpu, [4], label);
const live = () => gpu.memory.use().live;

const KEEPING: readonly (readonly [name: string, wrap: (kept: Tensor) => unknown])[] = [
  ['a tensor', (kept) => kept],
  ['an array', (kept) => [1, kept]],
  ['an object', (kept) => ({ kept, other: 'x' })],
  ['a map', (kept) => new Map([['kept', kept]])],
  ['all of these in each other', (kept) => ({ levels: [new Map([['kept', [kept]]])], nothing: null })],
];

for (const [name, wrap] of KEEPING) {
  test(`frees what was made and keeps what is returned in ${name}`, () => {
    let [kept, lost]: Tensor[] = [];
    scope(() => {
      [kept, lost] = [make(), make()];
      return wrap(kept);
    });
    assert.not(kept.freed);
    assert.ok(lost.freed);
    kept.free();
  });
}

test('what a scope returns belongs to the scope around it', () => {
  let [inner, outer]: Tensor[] = [];
  const result = scope(() => {
    inner = scope(() => make());
    assert.not(inner.freed);
    outer = scope(() => make());
    return outer;
  });
  assert.ok(inner.freed);
  assert.not(result.freed);
  outer.free();
});

test('tensors made before are left alone, also views of them', () => {
  const [before, kept] = [make(), make()];
  scope(() => {
    before.view([4]);
    return kept;
  });
  assert.not(before.freed);
  assert.not(kept.freed);
  before.free();
  kept.free();
});

test('a view that is returned keeps the memory of a tensor that is not', () => {
  const start = live();
  const view = scope(() => make().view([2, 2]));
  assert.not(view.freed);
  assert.is(live() - start, 256);
  view.free();
  assert.is(live(), start);
});

test('frees everything when the work throws, and passes the error on', () => {
  const start = live();
  const failing = () =>
    scope(() => {
      make();
      scope(() => {
        make();
        throw new Error('of the work');
      });
    });
  assert.throws(failing, /of the work/);
  assert.is(live(), start);
});

test('a scope that failed no longer adopts', () => {
  assert.throws(() =>
    scope(() => {
      throw new Error('x');
    }),
  );
  const after = make();
  assert.not(scope(() => after.freed));
  assert.not(after.freed);
  after.free();
});

test('tensors freed inside are freed once', () => {
  const start = live();
  scope(() => {
    const tensor = make();
    tensor.free();
    const again = make(); // the same buffer
    return again.label;
  });
  assert.is(live(), start);
});

test('unscoped work outlives every scope around it, and scopes in it still free', () => {
  const start = live();
  const { own, temporary } = scope(() => {
    let temporary: Tensor | undefined;
    const own = unscoped(() => {
      const made = make();
      scope(() => {
        temporary = make();
      });
      return made;
    });
    return { own: [own, own].map((tensor) => () => tensor), temporary };
  });
  assert.not(own[0]().freed);
  assert.ok(temporary!.freed);
  own[0]().free();
  assert.is(live(), start);
});

test('an asynchronous function is refused', async () => {
  const before = live();
  assertThrows(() => scope(async () => Tensor.zeros(gpu, [4])), 'UsageError', /asynchronous/);
  await Promise.resolve();
  assert.is(live(), before);
});

test('what is kept outlives all open scopes', () => {
  const before = live();
  const kept: Tensor[] = [];
  scope(() => scope(() => void kept.push(keep(make()))));
  assert.not(kept[0]!.freed);
  kept[0]!.free();
  assert.is(live(), before);
});

test.run();
