// y = the colours of pixels, one byte in a u32; alpha is dropped.
// x: (height, pitch) pixels of four bytes, red lowest; the first `width` of each row count   y: (height, width, 3)
// grid: linear over size
// #include "lib/linear_index.wgsl"
struct Shape { size: u32, width: u32, pitch: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i >= shape.size) { return; }
  let pixel = i / 3u;
  y[i] = (x[pixel / shape.width * shape.pitch + pixel % shape.width] >> (8u * (i % 3u))) & 255u;
}
