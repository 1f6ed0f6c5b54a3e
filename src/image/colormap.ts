/** 256 colours, RGB bytes end to end. */
export type ColorMap = Uint8Array;

/** A stop of the path through OKLCH: position 0..1, chroma, hue in degrees. Lightness is linear in the position. */
type Stop = readonly [position: number, chroma: number, hue: number];

const ENTRIES = 256;
const LIGHTNESS = [0.12, 0.97] as const;
/** Night blue, violet, red, orange, pale yellow. */
const STOPS: readonly Stop[] = [
  [0, 0.05, 280],
  [0.25, 0.17, 300],
  [0.5, 0.21, 375],
  [0.72, 0.17, 410],
  [0.88, 0.14, 450],
  [1, 0.08, 465],
];

/**
 * The colours of anomaly maps, from dark (normal) to light (anomalous). Lightness in OKLab rises in equal steps, so
 * that equal differences look equal, in grey prints and to colour-blind eyes too. OKLab: B. Ottosson, "A perceptual
 * color space for image processing" (2020).
 */
export const HEAT: ColorMap = makeColorMap();

/** Colours of `values`, RGB bytes, on a scale from 0 to `max`: values outside take the colour of the nearer end. */
export function colorize(values: ArrayLike<number>, max: number, map: ColorMap = HEAT): Uint8Array {
  const rgb = new Uint8Array(3 * values.length);
  for (let i = 0; i < values.length; i++) {
    const entry = 3 * entryOf(values[i]! / max);
    rgb.set(map.subarray(entry, entry + 3), 3 * i);
  }
  return rgb;
}

/** The index of the colour of a value in 0..1; values outside are moved to the nearer end. */
function entryOf(value: number): number {
  return Math.min(ENTRIES - 1, Math.max(0, Math.floor(value * ENTRIES)));
}

function makeColorMap(): ColorMap {
  const map = new Uint8Array(3 * ENTRIES);
  for (let i = 0; i < ENTRIES; i++) {
    const position = i / (ENTRIES - 1);
    const lightness = LIGHTNESS[0] + (LIGHTNESS[1] - LIGHTNESS[0]) * position;
    const [chroma, hue] = pathAt(position);
    map.set(inGamut(lightness, chroma, (hue * Math.PI) / 180), 3 * i);
  }
  return map;
}

function pathAt(position: number): [chroma: number, hue: number] {
  const after = Math.max(
    1,
    STOPS.findIndex(([at]) => at >= position),
  );
  const [[from, chroma, hue], [to, nextChroma, nextHue]] = [STOPS[after - 1]!, STOPS[after]!];
  const t = (position - from) / (to - from);
  return [chroma + (nextChroma - chroma) * t, hue + (nextHue - hue) * t];
}

/** The sRGB bytes of a colour, its chroma lowered until a screen can show it; lightness and hue stay. */
function inGamut(lightness: number, chroma: number, hue: number): number[] {
  for (let c = chroma; ; c = Math.max(0, c - 0.002)) {
    const linear = linearRgb(lightness, c * Math.cos(hue), c * Math.sin(hue));
    if (c === 0 || linear.every((value) => value >= 0 && value <= 1)) return linear.map(toByte);
  }
}

/** OKLab to linear sRGB. */
function linearRgb(lightness: number, a: number, b: number): number[] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function toByte(linear: number): number {
  const encoded = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.min(1, Math.max(0, encoded)));
}
