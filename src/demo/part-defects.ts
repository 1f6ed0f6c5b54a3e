import type { Random } from '../core/random';
import { smoothstep, valueNoise } from './noise';

export type PartDefect = 'none' | 'scratch' | 'stain' | 'missing';

/** Red, green and blue as linear light, 1 being white. */
export type Color = readonly [number, number, number];

/**
 * What a defect does to the part, point by point. Lengths are in image sides, the origin is the part's axis; signed
 * distances are negative inside; `pixel` is the side of a pixel.
 */
export interface Defect {
  /** Signed distance to where the rim is broken off. */
  chip(x: number, y: number): number;
  /** Signed distance to where the sealing ring is gone. */
  gap(x: number, y: number): number;
  /** What lies on the surface, and how far it hides it (0 to 1). */
  layer(x: number, y: number, pixel: number): { color: Color; alpha: number };
  /** How much of the point is defective (0 to 1), for the mask. */
  extent(x: number, y: number, pixel: number): number;
}

const CLEAR = { color: [0, 0, 0] as Color, alpha: 0 };
const NONE: Defect = { chip: () => 1, gap: () => 1, layer: () => CLEAR, extent: () => 0 };

const MAKERS: Record<PartDefect, (random: Random) => Defect> = {
  none: () => NONE,
  scratch: makeScratch,
  stain: makeStain,
  missing: (random) => (random.uniform() < 0.5 ? makeChip(random) : makeGap(random)),
};

/** Draws a defect of the kind. */
export function makeDefect(kind: PartDefect, random: Random): Defect {
  return MAKERS[kind](random);
}

/** A bent line across the face, of varying depth: a bright burr with a dark flank, thin at its ends. */
function makeScratch(random: Random): Defect {
  const angle = between(random, 0, 2 * Math.PI);
  const radius = between(random, 0.28, 0.34);
  const heading = angle + Math.PI / 2 + between(random, -0.6, 0.6);
  const length = between(random, 0.14, 0.26);
  const bend = between(random, -0.25, 0.25);
  const halfWidth = between(random, 0.0035, 0.0055);
  const seed = random.uint32();
  const [centerX, centerY] = [radius * Math.cos(angle), radius * Math.sin(angle)];
  const [cos, sin] = [Math.cos(heading), Math.sin(heading)];
  /** Place along the scratch from -1 to 1, and signed offset across it. */
  const locate = (x: number, y: number) => {
    const along = ((x - centerX) * cos + (y - centerY) * sin) / (length / 2);
    const bow = bend * length * (along * along - 1 / 3) * 0.5;
    return { along, across: (y - centerY) * cos - (x - centerX) * sin - bow };
  };
  const taper = (along: number) => Math.sqrt(Math.max(0, 1 - along ** 4));
  return {
    ...NONE,
    layer(x, y, pixel) {
      const { along, across } = locate(x, y);
      const width = Math.max(halfWidth, pixel) * taper(along);
      const depth = 0.75 + 0.25 * valueNoise(along * 6, 0, seed);
      const edge = Math.max(pixel / 2, halfWidth / 2);
      const alpha = width === 0 ? 0 : depth * (1 - smoothstep(width - edge, width + edge, Math.abs(across)));
      return { color: across < -0.55 * width ? [0.05, 0.05, 0.05] : [0.97, 0.98, 1], alpha };
    },
    extent(x, y, pixel) {
      const { along, across } = locate(x, y);
      return Math.abs(along) < 1 && Math.abs(across) < Math.max(halfWidth, pixel / 2) ? 1 : 0;
    },
  };
}

/** A dried drop of dirty oil: ragged, translucent, darkest at its rim. */
function makeStain(random: Random): Defect {
  const distance = blob(random, between(random, 0.14, 0.33), between(random, 0.035, 0.06), 0.25);
  const strength = between(random, 0.5, 0.75);
  const seed = random.uint32();
  return {
    ...NONE,
    layer(x, y) {
      const depth = -distance(x, y);
      const rim = 0.35 * (1 - smoothstep(0.003, 0.014, depth));
      const clouds = 0.12 * valueNoise(x * 60, y * 60, seed);
      const alpha = smoothstep(-0.004, 0.006, depth) * strength * (0.85 + rim + clouds);
      return { color: [0.075, 0.04, 0.016], alpha };
    },
    extent: (x, y) => (distance(x, y) < 0 ? 1 : 0),
  };
}

/** A bite out of the rim, down to the table. */
function makeChip(random: Random): Defect {
  const distance = blob(random, 0.405, between(random, 0.035, 0.06), 0.35);
  return { ...NONE, chip: distance, extent: (x, y) => (distance(x, y) < 0 ? 1 : 0) };
}

/** A piece torn from the sealing ring, with ends not quite square. */
function makeGap(random: Random): Defect {
  const angle = between(random, 0, 2 * Math.PI);
  const halfLength = between(random, 0.03, 0.065);
  const slant = between(random, -0.5, 0.5);
  const gap = (x: number, y: number) => {
    const radial = x * Math.cos(angle) + y * Math.sin(angle);
    if (radial < 0) return 1;
    const along = y * Math.cos(angle) - x * Math.sin(angle);
    return Math.abs(along + slant * (radial - SEAL.radius)) - halfLength;
  };
  const onSeal = (x: number, y: number) => Math.abs(Math.hypot(x, y) - SEAL.radius) < SEAL.halfWidth;
  return { ...NONE, gap, extent: (x, y) => (onSeal(x, y) && gap(x, y) < 0 ? 1 : 0) };
}

/** The sealing ring: the defect that tears it and the surface that shows it must agree. */
export const SEAL = { radius: 0.235, halfWidth: 0.017 };

/** Signed distance to a ragged round spot of the given size, at this radius of the part and any angle. */
function blob(random: Random, radius: number, size: number, raggedness: number) {
  const angle = between(random, 0, 2 * Math.PI);
  const stretch = between(random, 0.8, 1.25);
  const seed = random.uint32();
  return (x: number, y: number): number => {
    const [dx, dy] = [x - radius * Math.cos(angle), y - radius * Math.sin(angle)];
    const [u, v] = [dx / size, dy / size];
    const ragged = valueNoise(1.7 * u, 1.7 * v, seed) + 0.4 * valueNoise(5 * u, 5 * v, seed + 1);
    return Math.hypot(dx * stretch, dy / stretch) - size * (1 + raggedness * ragged);
  };
}

function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random.uniform();
}
