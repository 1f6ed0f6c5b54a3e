import { fill } from '../../src/ops/elementwise';
import { unscoped } from '../../src/tensor/scope';
import { type Shape, Tensor } from '../../src/tensor/tensor';
import { bytesOf, type Entry, type Prepared } from './entry';

const MiB = 2 ** 20;
const SIZES = [4, MiB / 4, 16 * MiB]; // bytes: a score, a map of 256 x 256, much

/** What work costs besides the work itself: dispatches, submits, the way to the device and back. */
export function overheadEntries(): Entry[] {
  return [
    overhead('dispatch', 'in one pass', (y) => ({ run: () => fill(y, 2), check: filled(y, 2) })),
    overhead('submit', 'one dispatch', (y) => ({
      run() {
        fill(y, 3);
        y.gpu.flush();
      },
      check: filled(y, 3),
    })),
    overhead('submit and wait', 'one dispatch', (y) => ({
      run: () => fill(y, 4),
      async wait() {
        fill(y, 4);
        await y.gpu.finish();
      },
      check: filled(y, 4),
    })),
    ...SIZES.flatMap((bytes) => transfers(bytes)),
  ];
}

function overhead(name: string, shape: string, make: (y: Tensor) => Prepared): Entry {
  return {
    group: 'overhead',
    name,
    shape,
    clock: 'wall',
    prepare: ({ gpu }) => make(unscoped(() => Tensor.empty(gpu, [64], name))),
  };
}

function transfers(bytes: number): Entry[] {
  const shape: Shape = [bytes / 4];
  const common = { group: 'overhead', shape: `${bytes} bytes`, work: { bytes: bytesOf(shape) }, clock: 'wall' } as const;
  return [
    {
      ...common,
      name: 'upload',
      prepare(given) {
        const { tensor, values } = given.own(shape, 'upload');
        const other = values.map((value) => -value);
        return {
          run: () => undefined,
          async wait() {
            tensor.write(other);
            await given.gpu.finish();
          },
          check: equal(
            () => tensor.read(),
            (at) => -values[at],
          ),
        };
      },
    },
    {
      ...common,
      name: 'readback',
      prepare(given) {
        const { tensor, values } = given.get(shape, 'readback');
        return {
          run: () => undefined,
          wait: () => tensor.read(),
          check: equal(
            () => tensor.read(),
            (at) => values[at],
          ),
        };
      },
    },
  ];
}

const filled = (y: Tensor, value: number): Prepared['check'] =>
  equal(
    () => y.read(),
    () => value,
  );

/** Expects every value exactly. */
function equal(read: () => Promise<Float32Array>, expected: (at: number) => number): Prepared['check'] {
  return async () => {
    const values = await read();
    const wrong = values.findIndex((value, at) => value !== expected(at));
    return { how: `all ${values.length} values`, tolerance: 0, error: wrong < 0 ? 0 : Infinity };
  };
}
