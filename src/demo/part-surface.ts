import type { Random } from '../core/random';
import { mix, smoothstep, valueNoise } from './noise';
import { type Color, type Defect, SEAL } from './part-defects';

/** A turned steel flange, in image sides from its axis. */
const RIM = 0.4;
const BORE = 0.105;
const BOLTS = { count: 6, circle: 0.318, radius: 0.027, bevel: 0.007 };

/** Bands of the turned profile: between these radii the surface falls outwards (positive) or inwards. */
const SLOPES = [
  { from: RIM - 0.016, to: RIM, slope: 1.1 },
  { from: 0.178, to: 0.19, slope: 0.9 },
  { from: BORE, to: BORE + 0.012, slope: -1 },
  { from: SEAL.radius + SEAL.halfWidth, to: SEAL.radius + SEAL.halfWidth + 0.006, slope: -0.8 },
  { from: SEAL.radius - SEAL.halfWidth - 0.006, to: SEAL.radius - SEAL.halfWidth, slope: 0.8 },
];

const STEEL: Color = [0.36, 0.37, 0.39];
const RUBBER: Color = [0.012, 0.09, 0.105];
const GROOVE: Color = [0.09, 0.09, 0.095];
const TABLE: Color = [0.032, 0.036, 0.042];

/** The colour of a point, in linear light; `pixel` is the side of a pixel, all in image sides from the part's axis. */
export type Surface = (x: number, y: number, pixel: number) => Color;

/** A part under its lamp, on its table; the lamp, the grain of the metal and that of the table vary with `random`. */
export function makeSurface(defect: Defect, random: Random): Surface {
  const seed = random.uint32();
  const exposure = 1 + 0.025 * random.normal();
  const azimuth = -2.3 + 0.03 * random.normal();
  const light = [Math.cos(azimuth) * 0.62, Math.sin(azimuth) * 0.62, 0.78] as const;
  return (x, y, pixel) => {
    const coverage = inside(Math.max(partDistance(x, y), -defect.chip(x, y)), pixel);
    const table = coverage < 1 ? tableColor(x, y, light, seed, defect) : TABLE;
    const part = coverage > 0 ? coated(partColor(x, y, pixel, light, seed, defect), defect, x, y, pixel) : STEEL;
    return blend(table, part, coverage, exposure);
  };
}

/** Signed distance to the sound part: a disc without its bore and its bolt holes. */
export function partDistance(x: number, y: number): number {
  const radius = Math.hypot(x, y);
  return Math.max(radius - RIM, BORE - radius, BOLTS.radius - boltDistance(x, y).distance);
}

/** Distance to the axis of the nearest bolt hole, and the direction away from it. */
function boltDistance(x: number, y: number): { distance: number; dx: number; dy: number } {
  const pitch = (2 * Math.PI) / BOLTS.count;
  const angle = Math.round(Math.atan2(y, x) / pitch) * pitch;
  const [dx, dy] = [x - BOLTS.circle * Math.cos(angle), y - BOLTS.circle * Math.sin(angle)];
  return { distance: Math.hypot(dx, dy), dx, dy };
}

function partColor(
  x: number,
  y: number,
  pixel: number,
  light: readonly [number, number, number],
  seed: number,
  defect: Defect,
): Color {
  const radius = Math.hypot(x, y);
  const across = (radius - SEAL.radius) / SEAL.halfWidth;
  const steel = steelColor(x, y, radius, light, seed, defect);
  if (Math.abs(across) > 1.2) return steel;
  const seal = inside(Math.max(Math.abs(across) * SEAL.halfWidth - SEAL.halfWidth, -defect.gap(x, y)), pixel);
  const groove = inside(Math.abs(across) * SEAL.halfWidth - SEAL.halfWidth, pixel);
  const grain = 1 + 0.15 * valueNoise(x * 90, y * 90, seed + 3);
  const empty = blend(steel, GROOVE, groove, grain);
  return blend(empty, rubberColor(x, y, radius, across, light), seal, 1);
}

/** Turned metal: its fine concentric grooves spread the lamp into two fans, and grey it in rings. */
function steelColor(
  x: number,
  y: number,
  radius: number,
  light: readonly [number, number, number],
  seed: number,
  defect: Defect,
): Color {
  const bolt = boltDistance(x, y);
  const onBevel = bolt.distance < BOLTS.radius + BOLTS.bevel;
  const slope = SLOPES.reduce((sum, band) => sum + (radius >= band.from && radius < band.to ? band.slope : 0), 0);
  const [nx, ny] = onBevel
    ? [-bolt.dx / bolt.distance, -bolt.dy / bolt.distance]
    : [(slope * x) / radius, (slope * y) / radius];
  const diffuse = Math.max(0.04, (nx * light[0] + ny * light[1] + light[2]) / Math.hypot(nx, ny, 1));
  const alignment = (x * light[0] + y * light[1]) / (radius * Math.hypot(light[0], light[1]));
  const fans = slope === 0 && !onBevel ? 0.55 * alignment ** 10 + 0.18 * (1 - alignment ** 2) ** 8 : 0;
  const turns = (Math.atan2(y, x) / (2 * Math.PI)) * 10;
  const brushed = valueNoise(radius * 190, turns, seed, 10) + 0.8 * valueNoise(radius * 75, turns, seed + 1, 10);
  const broken = 0.6 * (1 - smoothstep(0, 0.008, defect.chip(x, y)));
  const fracture = broken * (0.6 + 0.4 * valueNoise(x * 150, y * 150, seed + 2));
  return scale(STEEL, (diffuse + fans) * (1 + 0.11 * brushed) * (1 - fracture));
}

function rubberColor(x: number, y: number, radius: number, across: number, light: readonly [number, number, number]): Color {
  const bulge = Math.max(-0.95, Math.min(0.95, across));
  const up = Math.sqrt(1 - bulge * bulge);
  const facing = (bulge * (x * light[0] + y * light[1])) / radius + up * light[2];
  const shine = 0.3 * Math.max(0, facing) ** 24;
  const lit = scale(RUBBER, 0.25 + facing);
  return [lit[0] + shine, lit[1] + shine, lit[2] + shine];
}

/** A matt mat: lit from the lamp's side, shaded by the part. */
function tableColor(x: number, y: number, light: readonly [number, number, number], seed: number, defect: Defect): Color {
  const grain = 0.1 * valueNoise(x * 130, y * 130, seed + 5) + 0.06 * valueNoise(x * 25, y * 25, seed + 6);
  const falloff = 1 + 0.5 * (x * light[0] + y * light[1]) - 0.35 * (x * x + y * y);
  const [shadowX, shadowY] = [x + 0.035 * light[0], y + 0.035 * light[1]];
  const distance = Math.max(partDistance(shadowX, shadowY), -defect.chip(shadowX, shadowY));
  return scale(TABLE, falloff * (1 + grain) * mix(0.3, 1, smoothstep(-0.02, 0.035, distance)));
}

function coated(color: Color, defect: Defect, x: number, y: number, pixel: number): Color {
  const layer = defect.layer(x, y, pixel);
  return blend(color, layer.color, Math.min(1, layer.alpha), 1);
}

/** How much of a pixel lies inside an edge at this signed distance. */
export function inside(distance: number, pixel: number): number {
  return Math.min(1, Math.max(0, 0.5 - distance / pixel));
}

function blend(under: Color, over: Color, alpha: number, gain: number): Color {
  return [gain * mix(under[0], over[0], alpha), gain * mix(under[1], over[1], alpha), gain * mix(under[2], over[2], alpha)];
}

function scale(color: Color, factor: number): Color {
  return [color[0] * factor, color[1] * factor, color[2] * factor];
}
