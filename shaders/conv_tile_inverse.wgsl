// The tiles of y from their spectra, the inverse of conv_tile_forward:
//   z[r, s] = scale * sum over u, v of spectra[u, v, c, p] * exp(2 pi i (u * r + v * s) / 16)
// With MEMBERS = 2, the real parts of z are tile 2 p and the imaginary parts tile 2 p + 1; with MEMBERS = 1, the real parts are tile p.
// Of a tile the SIDE x SIDE values from (FIRST, FIRST) on are kept; they go into y at `step` times the tile's place, through
// leaky(v) = v > 0 ? v : slope * v. With MASKED = 1, y holds the output h of a LeakyReLU and becomes (h > 0 ? 1 : slope) * v.
// With ADD = 1, they are added to what y holds.
// With POOL = 2, y holds the sums of 2 x 2 values each, the gradient of an enlargement (nearest); SIDE, height and width are even.
// With HALF = 1 the spectra are those of real tiles and hold rows 0 to 8 alone; the others are conjugates of these.
// spectra: (16, 16, channels, pairs), or (9, 16, ...)   y: image n, channel c from element n * imageStride + c * channelStride on, height x width
// grid: (ceil(pairs / 4), channels, 1)
// One invocation makes one line of 16: first a row, then, through workgroup memory, a column.
override MEMBERS: u32 = 2;
override FIRST: u32 = 0;
override SIDE: u32 = 10;
override MASKED: u32 = 0;
override ADD: u32 = 0;
override POOL: u32 = 1;
override HALF: u32 = 0;

struct Shape {
  height: u32, width: u32, channels: u32, imageStride: u32, channelStride: u32,
  tilesX: u32, tilesPerImage: u32, tiles: u32, step: u32, firstPair: u32, pairs: u32, scale: f32, slope: f32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> spectra: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

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

// Keeps the real (part 0) or imaginary (part 1) parts of z as column s of the window of tile t.
fn storeColumn(t: u32, channel: u32, s: u32, part: u32) {
  let inImage = t % shape.tilesPerImage;
  let column = inImage % shape.tilesX * shape.step + s;
  let firstRow = inImage / shape.tilesX * shape.step;
  let rows = select(0u, shape.height - firstRow, t < shape.tiles && s < SIDE && column < shape.width);
  let plane = t / shape.tilesPerImage * shape.imageStride + channel * shape.channelStride;
  // unroll
  for (var r = 0u; r < SIDE; r++) {
    if (r < rows) {
      let at = plane + (firstRow + r) * shape.width + column;
      let value = shape.scale * z[(FIRST + r) % 4u * 4u + (FIRST + r) / 4u][part];
      var sign = value;
      if (MASKED == 1u) { sign = y[at]; }
      var before = 0.0;
      if (ADD == 1u) { before = y[at]; }
      y[at] = before + select(shape.slope, 1.0, sign > 0.0) * value;
    }
  }
}

// The same for the sums of 2 x 2 values, of which z[q] is the one of rows 2 q and 2 q + 1.
fn storePooledColumn(t: u32, channel: u32, s: u32, part: u32) {
  let inImage = t % shape.tilesPerImage;
  let column = (inImage % shape.tilesX * shape.step + s) / 2u;
  let firstRow = inImage / shape.tilesX * shape.step / 2u;
  let rows = select(0u, shape.height / 2u - firstRow, t < shape.tiles && column < shape.width / 2u);
  let plane = t / shape.tilesPerImage * shape.imageStride + channel * shape.channelStride;
  // unroll
  for (var q = 0u; q < SIDE / 2u; q++) {
    if (q < rows) { y[plane + (firstRow + q) * (shape.width / 2u) + column] = shape.scale * z[q][part]; }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let line = local / 4u;
  let pairInGroup = local % 4u;
  let p = group.x * 4u + pairInGroup;
  let source = min(p, shape.pairs - 1u);

  // The inverse transform is the transform with real and imaginary parts exchanged, before and after.
  let mirrored = HALF == 1u && line > 8u;
  let row = select(line, 16u - line, mirrored);
  // unroll
  for (var v = 0u; v < 16u; v++) {
    let column = select(v, (16u - v) % 16u, mirrored);
    let value = spectra[((row * 16u + column) * shape.channels + group.y) * shape.pairs + source];
    z[v] = vec2f(select(value.y, -value.y, mirrored), value.x);
  }
  fourier16();
  // unroll
  for (var s = 0u; s < 16u; s++) { lines[s * 64u + local] = z[s % 4u * 4u + s / 4u]; }
  workgroupBarrier();

  // unroll
  for (var u = 0u; u < 16u; u++) { z[u] = lines[line * 64u + u * 4u + pairInGroup]; }
  fourier16();

  if (POOL == 2u) {
    // unroll
    for (var q = 0u; q < SIDE / 2u; q++) {
      let r = FIRST + 2u * q;
      lines[line * 64u + q * 4u + pairInGroup] = z[r % 4u * 4u + r / 4u] + z[(r + 1u) % 4u * 4u + (r + 1u) / 4u];
    }
    workgroupBarrier();
    let next = (line + 1u) % 16u;
    // unroll
    for (var q = 0u; q < SIDE / 2u; q++) {
      z[q] = lines[line * 64u + q * 4u + pairInGroup] + lines[next * 64u + q * 4u + pairInGroup];
    }
  }

  if (p >= shape.pairs || line < FIRST || line >= FIRST + SIDE || (line - FIRST) % POOL != 0u) { return; }
  // unroll
  for (var m = 0u; m < MEMBERS; m++) {
    let t = MEMBERS * (shape.firstPair + p) + m;
    if (POOL == 2u) { storePooledColumn(t, group.y, line - FIRST, 1u - m); }
    else { storeColumn(t, group.y, line - FIRST, 1u - m); }
  }
}
