// y = maximum over 3x3 windows with stride 2; the border of one pixel around x does not count.
// x: (planes, inHeight, inWidth)   y: (planes, outHeight, outWidth), sides ceil(in / 2)
// grid: linear over planes * outHeight * outWidth
// #include "lib/linear_index.wgsl"
struct Shape { planes: u32, inHeight: u32, inWidth: u32, outHeight: u32, outWidth: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let index = linearIndex(at);
  let pixels = shape.outHeight * shape.outWidth;
  if (index >= shape.planes * pixels) { return; }
  let row = index % pixels / shape.outWidth * 2u;
  let column = index % shape.outWidth * 2u;
  let plane = index / pixels * shape.inHeight * shape.inWidth;
  var best = x[plane + row * shape.inWidth + column];
  for (var i = 0u; i < 3u; i++) {
    for (var j = 0u; j < 3u; j++) {
      let r = row + i - 1u; // wraps below zero, and is then too large
      let c = column + j - 1u;
      if (r < shape.inHeight && c < shape.inWidth) { best = max(best, x[plane + r * shape.inWidth + c]); }
    }
  }
  y[index] = best;
}
