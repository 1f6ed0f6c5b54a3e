// y = x: how fast the device reads and writes memory.
// x, y: (size) in vec4
// grid: linear over size
// #include "lib/linear_index.wgsl"
struct Shape { size: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i < shape.size) { y[i] = x[i]; }
}
