// y[i] = byte i of x, one in a u32.
// x: (ceil(size / 4)) words of four bytes, the first lowest   y: (size)
// grid: linear over size
// #include "lib/linear_index.wgsl"
struct Shape { size: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i >= shape.size) { return; }
  y[i] = (x[i / 4u] >> (i % 4u * 8u)) & 255u;
}
