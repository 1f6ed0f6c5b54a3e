// dx[n, c, p] = sum over the pairs of n with m of dy[pair, p] * POWER * |d|^(POWER - 1) * sign(d) / channels, d = x[n, c, p] - x[m, c, p].
// x, dx: (batch, channels, pixels)   dy: (pairs, pixels), in the order of pair_differences
// grid: linear over batch * channels * pixels
// #include "lib/linear_index.wgsl"
override POWER: u32 = 2;

struct Shape { batch: u32, channels: u32, pixels: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let index = linearIndex(at);
  let item = shape.channels * shape.pixels;
  if (index >= shape.batch * item) { return; }
  let n = index / item;
  let p = index % shape.pixels;
  var sum = 0.0;
  for (var m = 0u; m < shape.batch; m++) {
    if (m != n) {
      let i = min(n, m);
      let j = max(n, m);
      let pair = i * (2u * shape.batch - i - 1u) / 2u + j - i - 1u;
      let d = x[index] - x[m * item + index % item];
      sum += dy[pair * shape.pixels + p] * select(sign(d), 2.0 * d, POWER == 2u);
    }
  }
  dx[index] = sum / f32(shape.channels);
}
