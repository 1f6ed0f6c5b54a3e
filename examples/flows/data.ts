// Data for the examples, made from seeds.
import type { Random } from 'pyramidflow/flow';

/** `count` noisy points of two interleaved half circles: x, y, x, y, ... */
export function moons(count: number, random: Random): Float32Array {
  const points = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const angle = Math.PI * random.uniform();
    const [x, y] = i % 2 ? [1 - Math.cos(angle), 0.5 - Math.sin(angle)] : [Math.cos(angle), Math.sin(angle)];
    points.set([x + 0.05 * random.normal(), y + 0.05 * random.normal()], 2 * i);
  }
  return points;
}

/** `count` images of a bright disc on a dark ground, with noise, `size` pixels wide and high: (count, 1, size, size). */
export function discs(count: number, size: number, random: Random): Float32Array {
  const images = new Float32Array(count * size * size);
  for (let n = 0; n < count; n++) {
    const [centreX, centreY] = [size * (0.35 + 0.3 * random.uniform()), size * (0.35 + 0.3 * random.uniform())];
    const radius = size * (0.15 + 0.15 * random.uniform());
    for (let i = 0; i < size * size; i++) {
      const inside = Math.hypot((i % size) - centreX, Math.floor(i / size) - centreY) < radius;
      images[n * size * size + i] = (inside ? 1 : -1) + 0.1 * random.normal();
    }
  }
  return images;
}
