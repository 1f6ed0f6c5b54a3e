// y[pair, p] = mean over c of |x[i, c, p] - x[j, c, p]|^POWER for every pair i < j of the batch (paper, equation 7), pairs in the
// order (0, 1), (0, 2), ..., (1, 2), ... The channel mean commutes with composing the pyramid, so it is taken here.
// x: (batch, channels, pixels)   y: (pairs, pixels)
// grid: linear over pairs * pixels
// #include "lib/linear_index.wgsl"
override POWER: u32 = 2;

struct Shape { batch: u32, channels: u32, pixels: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let index = linearIndex(at);
  if (index >= shape.batch * (shape.batch - 1u) / 2u * shape.pixels) { return; }
  var i = 0u;
  var rest = index / shape.pixels; // of the pairs, once those of the images before i are taken away
  while (rest >= shape.batch - 1u - i) {
    rest -= shape.batch - 1u - i;
    i++;
  }
  let j = i + 1u + rest;
  let p = index % shape.pixels;
  var sum = 0.0;
  for (var c = 0u; c < shape.channels; c++) {
    let d = abs(x[(i * shape.channels + c) * shape.pixels + p] - x[(j * shape.channels + c) * shape.pixels + p]);
    if (POWER == 2u) { sum += d * d; } else { sum += d; }
  }
  y[index] = sum / f32(shape.channels);
}
