// The tiles of y from their spectra, the inverse of conv_tile_forward:
//   z[r, s] = scale * sum over u, v of spectra[u, v, c, p] * exp(2 pi i (u * r + v * s) / TILE)
// The real parts of z are tile 2 p, the imaginary parts tile 2 p + 1.
// Of every tile the SIDE x SIDE values from (FIRST, FIRST) on are written to y, at `step` times the tile's place, through
// leaky(v) = v > 0 ? v : slope * v. With MASKED = 1, y holds the output h of a LeakyReLU and becomes (h > 0 ? 1 : slope) * v.
// With POOL = 2, y holds the sums of 2 x 2 values each, the gradient of an enlargement (nearest); SIDE, height and width are even.
// spectra: (TILE, TILE, channels, pairs)   y: image n, channel c from element n * imageStride + c * channelStride on, height x width
// grid: (ceil(pairs / PAIRS), channels, 1)
// One invocation transforms one line of a tile: first a row, then, through workgroup memory, a column.
override TILE: u32 = 16; // or 32
override FIRST: u32 = 0;
override SIDE: u32 = 10;
override MASKED: u32 = 0;
override POOL: u32 = 1;
// #include "lib/tile_lines.wgsl"

struct Shape {
  height: u32, width: u32, channels: u32, imageStride: u32, channelStride: u32,
  tilesX: u32, tilesPerImage: u32, tiles: u32, step: u32, firstPair: u32, pairs: u32, scale: f32, slope: f32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> spectra: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// Keeps the real (part 0) or imaginary (part 1) parts of the spectrum as column s of the window of tile t.
fn storeColumn(t: u32, channel: u32, s: u32, part: u32) {
  let inImage = t % shape.tilesPerImage;
  let column = inImage % shape.tilesX * shape.step + s;
  let firstRow = inImage / shape.tilesX * shape.step;
  let rows = select(0u, shape.height - firstRow, t < shape.tiles && s < SIDE && column < shape.width);
  let plane = t / shape.tilesPerImage * shape.imageStride + channel * shape.channelStride;
  // unroll
  for (var q = 0u; q < SIDE; q++) {
    if (q < rows) {
      let at = plane + (firstRow + q) * shape.width + column;
      let value = shape.scale * spectrum[FIRST + q][part];
      var sign = value;
      if (MASKED == 1u) { sign = y[at]; }
      y[at] = select(shape.slope, 1.0, sign > 0.0) * value;
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
  let line = local / PAIRS;
  let pairInGroup = local % PAIRS;
  let p = group.x * PAIRS + pairInGroup;
  let source = min(p, shape.pairs - 1u);

  // The inverse transform is the transform with real and imaginary parts exchanged, before and after.
  // unroll
  for (var v = 0u; v < TILE; v++) {
    z[v] = spectra[((line * TILE + v) * shape.channels + group.y) * shape.pairs + source].yx;
  }
  fourier();
  // unroll
  for (var s = 0u; s < TILE; s++) { lines[s * 64u + local] = spectrum[s]; }
  workgroupBarrier();

  // unroll
  for (var u = 0u; u < TILE; u++) { z[u] = lines[line * 64u + u * PAIRS + pairInGroup]; }
  fourier();

  if (POOL == 2u) {
    // unroll
    for (var q = 0u; q < SIDE / 2u; q++) {
      const row = FIRST + 2u * q;
      lines[line * 64u + q * PAIRS + pairInGroup] = spectrum[row] + spectrum[row + 1u];
    }
    workgroupBarrier();
    let next = (line + 1u) % TILE;
    // unroll
    for (var q = 0u; q < SIDE / 2u; q++) {
      z[q] = lines[line * 64u + q * PAIRS + pairInGroup] + lines[next * 64u + q * PAIRS + pairInGroup];
    }
  }

  if (p >= shape.pairs || line < FIRST || line >= FIRST + SIDE || (line - FIRST) % POOL != 0u) { return; }
  // unroll
  for (var m = 0u; m < 2u; m++) {
    let t = 2u * (shape.firstPair + p) + m;
    if (POOL == 2u) { storePooledColumn(t, group.y, line - FIRST, 1u - m); }
    else { storeColumn(t, group.y, line - FIRST, 1u - m); }
  }
}
