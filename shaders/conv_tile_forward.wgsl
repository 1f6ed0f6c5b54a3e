// The spectra of 16 x 16 tiles of x: spectra[u, v, c, p] = sum over r, s of z[r, s] * exp(-2 pi i (u * r + v * s) / 16).
// With MEMBERS = 2, z is tile 2 p plus i times tile 2 p + 1: a product with the spectrum of real weights keeps the two apart, so that
// two real tiles cost one complex transform and no symmetry needs to be undone. With MEMBERS = 1, z is tile p.
// Tile t begins `step` pixels after its neighbour, at `origin` for the first; outside x, and outside its rows and columns from START
// to START + SIDE - 1, it is zero. Only u < rows are written: real tiles have spectra with (-u, -v) the conjugate of (u, v).
// With ENLARGE = 2, x stands for itself enlarged twice (nearest), height x width large, and is read at half of row and column.
// x: image n, channel c from element n * imageStride + c * channelStride on, each height x width   spectra: (rows, 16, channels, pairs)
// grid: (ceil(pairs / 4), channels, 1)
// One invocation makes one line of 16: first a column, then, through workgroup memory, a row.
override MEMBERS: u32 = 2;
override START: u32 = 0;
override SIDE: u32 = 16;
override ENLARGE: i32 = 1;

struct Shape {
  height: u32, width: u32, channels: u32, imageStride: u32, channelStride: u32,
  tilesX: u32, tilesPerImage: u32, tiles: u32, step: u32, origin: i32, firstPair: u32, pairs: u32, rows: u32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> spectra: array<vec2f>;

var<private> z: array<vec2f, 16>;
var<workgroup> lines: array<vec2f, 1024>; // (16, 16, 4 pairs)

// exp(-2 pi i j k / 16) for j, k = 0 to 3
const TWIDDLES = array<vec2f, 16>(
  vec2f(1.0, 0.0), vec2f(1.0, 0.0), vec2f(1.0, 0.0), vec2f(1.0, 0.0),
  vec2f(1.0, 0.0), vec2f(0.9238795325, -0.3826834324), vec2f(0.7071067812, -0.7071067812), vec2f(0.3826834324, -0.9238795325),
  vec2f(1.0, 0.0), vec2f(0.7071067812, -0.7071067812), vec2f(0.0, -1.0), vec2f(-0.7071067812, -0.7071067812),
  vec2f(1.0, 0.0), vec2f(0.3826834324, -0.9238795325), vec2f(-0.7071067812, -0.7071067812), vec2f(-0.9238795325, 0.3826834324),
);

fn times(a: vec2f, b: vec2f) -> vec2f {
  return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

// z becomes its discrete Fourier transform, in which frequency k stands at 4 * (k % 4) + k / 4.
fn fourier16() {
  // unroll
  for (var j = 0u; j < 4u; j++) {
    let even = z[j] + z[j + 8u];
    let oddEven = z[j] - z[j + 8u];
    let odd = z[j + 4u] + z[j + 12u];
    let turned = vec2f(z[j + 4u].y - z[j + 12u].y, z[j + 12u].x - z[j + 4u].x);
    z[j] = even + odd;
    z[j + 4u] = times(oddEven + turned, TWIDDLES[4u + j]);
    z[j + 8u] = times(even - odd, TWIDDLES[8u + j]);
    z[j + 12u] = times(oddEven - turned, TWIDDLES[12u + j]);
  }
  // unroll
  for (var k = 0u; k < 4u; k++) {
    let even = z[4u * k] + z[4u * k + 2u];
    let oddEven = z[4u * k] - z[4u * k + 2u];
    let odd = z[4u * k + 1u] + z[4u * k + 3u];
    let turned = vec2f(z[4u * k + 1u].y - z[4u * k + 3u].y, z[4u * k + 3u].x - z[4u * k + 1u].x);
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
  let plane = i32(t / shape.tilesPerImage * shape.imageStride + channel * shape.channelStride);
  let lineLength = i32(shape.width) / ENLARGE;
  // unroll
  for (var r = START; r < START + SIDE; r++) {
    let row = firstRow + i32(r);
    let here = inside && row >= 0 && row < i32(shape.height);
    z[r][part] = select(0.0, x[select(0, plane + row / ENLARGE * lineLength + column / ENLARGE, here)], here);
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let line = local / 4u;
  let pairInGroup = local % 4u;
  let p = group.x * 4u + pairInGroup;
  let first = MEMBERS * (shape.firstPair + p);

  // unroll
  for (var r = 0u; r < 16u; r++) { z[r] = vec2f(); }
  // unroll
  for (var m = 0u; m < MEMBERS; m++) { loadColumn(first + m, group.y, line, m); }
  fourier16();
  // unroll
  for (var u = 0u; u < 16u; u++) { lines[u * 64u + local] = z[u % 4u * 4u + u / 4u]; }
  workgroupBarrier();

  // unroll
  for (var s = 0u; s < 16u; s++) { z[s] = lines[line * 64u + s * 4u + pairInGroup]; }
  fourier16();
  if (p >= shape.pairs || line >= shape.rows) { return; }
  // unroll
  for (var v = 0u; v < 16u; v++) {
    spectra[((line * 16u + v) * shape.channels + group.y) * shape.pairs + p] = z[v % 4u * 4u + v / 4u];
  }
}
