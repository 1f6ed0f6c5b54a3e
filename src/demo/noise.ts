/** A hash of a lattice point, uniform in [-1, 1]. */
function lattice(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 31 - 1;
}

/**
 * Smooth noise in [-1, 1] with features of about one unit: values on a lattice, interpolated by smoothstep.
 *
 * @param period whole number of units after which it repeats along y, for angles
 */
export function valueNoise(x: number, y: number, seed: number, period = 2 ** 20): number {
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [smoothstep(0, 1, x - x0), smoothstep(0, 1, y - y0)];
  const top = ((y0 % period) + period) % period;
  const bottom = (top + 1) % period;
  const upper = mix(lattice(x0, top, seed), lattice(x0 + 1, top, seed), u);
  const lower = mix(lattice(x0, bottom, seed), lattice(x0 + 1, bottom, seed), u);
  return mix(upper, lower, v);
}

/** Linear interpolation from a at t = 0 to b at t = 1. */
export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** 0 up to `from`, 1 beyond `to`, a cubic without kinks in between. */
export function smoothstep(from: number, to: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - from) / (to - from)));
  return t * t * (3 - 2 * t);
}
