// dCoarse = the transpose of blur(nearest(coarse)) applied to dy: six taps of the binomial of order 5, every second pixel.
// With keep = 1 it is subtracted from what dCoarse holds, otherwise written.
// dy: (planes, 2 * height, 2 * width)   dCoarse: (planes, height, width)
// grid: linear over planes * height * width
// #include "lib/linear_index.wgsl"
struct Shape { planes: u32, height: u32, width: u32, keep: f32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dCoarse: array<f32>;

const TAPS = array<f32, 6>(1.0 / 16.0, 5.0 / 16.0, 10.0 / 16.0, 10.0 / 16.0, 5.0 / 16.0, 1.0 / 16.0);

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let index = linearIndex(at);
  let pixels = shape.height * shape.width;
  if (index >= shape.planes * pixels) { return; }
  let row = index % pixels / shape.width * 2u;
  let column = index % shape.width * 2u;
  let rows = 2u * shape.height;
  let columns = 2u * shape.width;
  let plane = index / pixels * rows * columns;
  var sum = 0.0;
  // unroll
  for (var i = 0u; i < 6u; i++) {
    let r = row + i - 2u; // wraps below zero, and is then too large
    var line = 0.0;
    // unroll
    for (var j = 0u; j < 6u; j++) {
      let c = column + j - 2u;
      let inside = r < rows && c < columns;
      line += TAPS[j] * select(0.0, dy[select(0u, plane + r * columns + c, inside)], inside);
    }
    sum += TAPS[i] * line;
  }
  if (shape.keep != 0.0) { dCoarse[index] -= sum; } else { dCoarse[index] = sum; }
}
