// The spectra of TILE x TILE tiles of x: spectra[u, v, c, p] = sum over r, s of z[r, s] * exp(-2 pi i (u * r + v * s) / TILE).
// z is tile 2 p plus i times tile 2 p + 1: a product with the spectrum of real weights keeps the two apart, so that two real tiles
// cost one complex transform and no symmetry needs to be undone.
// Tile t begins `step` pixels after its neighbour, at `origin` for the first; outside x, and outside its rows and columns from START
// to START + SIDE - 1, it is zero.
// With ENLARGE = 2, x stands for itself enlarged twice (nearest), height x width large, and is read at half of row and column.
// x: image n, channel c from element n * imageStride + c * channelStride on, each height x width   spectra: (TILE, TILE, channels, pairs)
// grid: (ceil(pairs / PAIRS), channels, 1)
// One invocation makes one line of a tile: first a column, then, through workgroup memory, a row.
override TILE: u32 = 16; // or 32
override START: u32 = 0;
override SIDE: u32 = 16;
override ENLARGE: i32 = 1;

struct Shape {
  height: u32, width: u32, channels: u32, imageStride: u32, channelStride: u32,
  tilesX: u32, tilesPerImage: u32, tiles: u32, step: u32, origin: i32, firstPair: u32, pairs: u32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> spectra: array<vec2f>;

const PAIRS = 64u / TILE; // of a workgroup
const QUARTER = TILE / 4u;
const EIGHTS = TILE / 16u; // steps of 2 in a transform, and one

var<private> z: array<vec2f, TILE>;
var<workgroup> lines: array<vec2f, TILE * TILE * PAIRS>; // (TILE, TILE, PAIRS)

// exp(-2 pi i n / 32)
const ROOTS = array<vec2f, 24>(
  vec2f(1.0, 0.0), vec2f(0.9807852804, -0.195090322), vec2f(0.9238795325, -0.3826834324), vec2f(0.8314696123, -0.555570233),
  vec2f(0.7071067812, -0.7071067812), vec2f(0.555570233, -0.8314696123), vec2f(0.3826834324, -0.9238795325), vec2f(0.195090322, -0.9807852804),
  vec2f(0.0, -1.0), vec2f(-0.195090322, -0.9807852804), vec2f(-0.3826834324, -0.9238795325), vec2f(-0.555570233, -0.8314696123),
  vec2f(-0.7071067812, -0.7071067812), vec2f(-0.8314696123, -0.555570233), vec2f(-0.9238795325, -0.3826834324), vec2f(-0.9807852804, -0.195090322),
  vec2f(-1.0, 0.0), vec2f(-0.9807852804, 0.195090322), vec2f(-0.9238795325, 0.3826834324), vec2f(-0.8314696123, 0.555570233),
  vec2f(-0.7071067812, 0.7071067812), vec2f(-0.555570233, 0.8314696123), vec2f(-0.3826834324, 0.9238795325), vec2f(-0.195090322, 0.9807852804),
);

fn times(a: vec2f, b: vec2f) -> vec2f {
  return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

// z becomes its discrete Fourier transform, by steps of 4, of 2 where TILE is 32, and of 4. Frequency k
// then stands at k % 4 * QUARTER + k / 4 % EIGHTS * 4 + k / 4 / EIGHTS.
fn fourier() {
  // unroll
  for (var j = 0u; j < QUARTER; j++) {
    let even = z[j] + z[j + 2u * QUARTER];
    let oddEven = z[j] - z[j + 2u * QUARTER];
    let odd = z[j + QUARTER] + z[j + 3u * QUARTER];
    let difference = z[j + QUARTER] - z[j + 3u * QUARTER];
    let turned = vec2f(difference.y, -difference.x);
    z[j] = even + odd;
    z[j + QUARTER] = times(oddEven + turned, ROOTS[j * 32u / TILE]);
    z[j + 2u * QUARTER] = times(even - odd, ROOTS[2u * j * 32u / TILE]);
    z[j + 3u * QUARTER] = times(oddEven - turned, ROOTS[3u * j * 32u / TILE]);
  }
  if (TILE == 32u) {
    // unroll
    for (var j = 0u; j < TILE / 2u; j++) {
      const at = j / 4u * 8u + j % 4u;
      let odd = z[at] - z[at + 4u];
      z[at] = z[at] + z[at + 4u];
      z[at + 4u] = times(odd, ROOTS[j % 4u * 4u]);
    }
  }
  // unroll
  for (var k = 0u; k < QUARTER; k++) {
    let even = z[4u * k] + z[4u * k + 2u];
    let oddEven = z[4u * k] - z[4u * k + 2u];
    let odd = z[4u * k + 1u] + z[4u * k + 3u];
    let difference = z[4u * k + 1u] - z[4u * k + 3u];
    let turned = vec2f(difference.y, -difference.x);
    z[4u * k] = even + odd;
    z[4u * k + 1u] = oddEven + turned;
    z[4u * k + 2u] = even - odd;
    z[4u * k + 3u] = oddEven - turned;
  }
}

// Column s of tile t as the real (part 0) or imaginary (part 1) parts of z.
fn loadColumn(t: u32, channel: u32, s: u32, part: u32) {
  let inImage = t % shape.tilesPerImage;
  let column = i32(inImage % shape.tilesX * shape.step + s) + shape.origin;
  let firstRow = i32(inImage / shape.tilesX * shape.step) + shape.origin;
  let inside = t < shape.tiles && s >= START && s < START + SIDE && column >= 0 && column < i32(shape.width);
  let rows = select(0u, shape.height, inside); // none to read if 0
  let lineLength = i32(shape.width) / ENLARGE;
  let plane = i32(t / shape.tilesPerImage * shape.imageStride + channel * shape.channelStride) + column / ENLARGE;
  // unroll
  for (var r = START; r < START + SIDE; r++) {
    let row = firstRow + i32(r);
    let here = u32(row) < rows;
    z[r][part] = select(0.0, x[select(0, plane + row / ENLARGE * lineLength, here)], here);
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let line = local / PAIRS;
  let pairInGroup = local % PAIRS;
  let p = group.x * PAIRS + pairInGroup;
  let first = 2u * (shape.firstPair + p);

  // unroll
  for (var r = 0u; r < TILE; r++) { z[r] = vec2f(); }
  loadColumn(first, group.y, line, 0u);
  loadColumn(first + 1u, group.y, line, 1u);
  fourier();
  // unroll
  for (var u = 0u; u < TILE; u++) {
    const at = u % 4u * QUARTER + u / 4u % EIGHTS * 4u + u / 4u / EIGHTS;
    lines[u * 64u + local] = z[at];
  }
  workgroupBarrier();

  // unroll
  for (var s = 0u; s < TILE; s++) { z[s] = lines[line * 64u + s * PAIRS + pairInGroup]; }
  fourier();
  if (p >= shape.pairs) { return; }
  // unroll
  for (var v = 0u; v < TILE; v++) {
    const at = v % 4u * QUARTER + v / 4u % EIGHTS * 4u + v / 4u / EIGHTS;
    spectra[((line * TILE + v) * shape.channels + group.y) * shape.pairs + p] = z[at];
  }
}
