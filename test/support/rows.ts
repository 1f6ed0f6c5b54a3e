import { elements, type Shape } from '../../src/tensor/tensor';

/** A row-major array in float64. */
export interface Nd {
  readonly shape: Shape;
  readonly values: ArrayLike<number>;
}

/** The array whose element at an index is `value(index)`. */
export function nd(shape: Shape, value: (index: number[]) => number): Nd {
  const values = Float64Array.from({ length: elements(shape) }, (_, flat) => {
    const index: number[] = [];
    let rest = flat;
    for (const size of shape.toReversed()) {
      index.unshift(rest % size);
      rest = Math.floor(rest / size);
    }
    return value(index);
  });
  return { shape, values };
}

/** The element at an index; an axis of size 1 repeats, and missing axes in front do too. */
export function at({ shape, values }: Nd, index: readonly number[]): number {
  let flat = 0;
  shape.forEach((size, axis) => {
    flat = flat * size + (size === 1 ? 0 : index[index.length - shape.length + axis]);
  });
  return values[flat];
}

/** The sum over the axes along which `shape` has size 1 or none. */
export function summedTo(x: Nd, shape: Shape): Nd {
  const y = { shape, values: new Float64Array(elements(shape)) };
  const front = x.shape.length - shape.length;
  nd(x.shape, (index) => {
    let flat = 0;
    shape.forEach((size, axis) => {
      flat = flat * size + (size === 1 ? 0 : index[front + axis]);
    });
    y.values[flat] += at(x, index);
    return 0;
  });
  return y;
}
