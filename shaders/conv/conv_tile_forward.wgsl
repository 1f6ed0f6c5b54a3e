// The spectra of TILE x TILE tiles of x: spectra[u, v, c, p] = sum over r, s of z[r, s] * exp(-2 pi i (u * r + v * s) / TILE).
// z is tile 2 p plus i times tile 2 p + 1: a product with the spectrum of real weights keeps the two apart, so that two real tiles
// cost one complex transform and no symmetry needs to be undone.
// Tile t begins `step` pixels after its neighbour, at `origin` for the first; outside x, and outside its rows and columns from START
// to START + SIDE - 1, it is zero.
// With ENLARGE = 2, height x width is the size of x enlarged twice (nearest), and x is read at half of row and column.
// x: image n, channel c from element n * imageStride + c * channelStride on, each height x width   spectra: (TILE, TILE, channels, pairs)
// grid: (ceil(pairs / PAIRS), channels, 1)
// One invocation transforms one line of a tile: first a column, then, through workgroup memory, a row.
override TILE: u32 = 16; // or 32
override START: u32 = 0;
override SIDE: u32 = 16;
override ENLARGE: i32 = 1;
// #include "lib/tile_lines.wgsl"

struct Shape {
  height: u32, width: u32, channels: u32, imageStride: u32, channelStride: u32,
  tilesX: u32, tilesPerImage: u32, tiles: u32, step: u32, origin: i32, firstPair: u32, pairs: u32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> spectra: array<vec2f>;

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
  for (var u = 0u; u < TILE; u++) { lines[u * 64u + local] = spectrum[u]; }
  workgroupBarrier();

  // unroll
  for (var s = 0u; s < TILE; s++) { z[s] = lines[line * 64u + s * PAIRS + pairInGroup]; }
  fourier();
  if (p >= shape.pairs) { return; }
  // unroll
  for (var v = 0u; v < TILE; v++) {
    spectra[((line * TILE + v) * shape.channels + group.y) * shape.pairs + p] = spectrum[v];
  }
}
