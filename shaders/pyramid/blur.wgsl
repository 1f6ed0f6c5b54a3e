// y = 5x5 binomial blur of x with zero padding (supplement of the paper, section A); it is its own gradient.
// x, y: (planes, height, width)
// grid: (ceil(width / 64), height, planes)
// #include "lib/binomial.wgsl"
struct Shape { height: u32, width: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.width) { return; }
  let plane = id.z * shape.height * shape.width;
  var sum = 0.0;
  // unroll
  for (var i = 0u; i < 5u; i++) {
    let row = id.y + i - 2u; // wraps below zero, and is then too large
    if (row < shape.height) {
      var line = 0.0;
      // unroll
      for (var j = 0u; j < 5u; j++) {
        let column = id.x + j - 2u;
        if (column < shape.width) { line += BINOMIAL[j] * x[plane + row * shape.width + column]; }
      }
      sum += BINOMIAL[i] * line;
    }
  }
  y[plane + id.y * shape.width + id.x] = sum;
}
