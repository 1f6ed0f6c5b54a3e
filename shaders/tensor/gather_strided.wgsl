// y[i0, ..., i5] = x[i0 * stride0 + ... + i5 * stride5]: repeats, exchanges or regroups axes. A stride of 0 repeats.
// x: any   y: (size0, ..., size5), of which the first axis needs no size
// grid: linear over size
// #include "lib/linear_index.wgsl"
struct Shape {
  size: u32, size1: u32, size2: u32, size3: u32, size4: u32, size5: u32,
  stride0: u32, stride1: u32, stride2: u32, stride3: u32, stride4: u32, stride5: u32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i >= shape.size) { return; }
  var rest = i;
  var source = rest % shape.size5 * shape.stride5;
  rest /= shape.size5;
  source += rest % shape.size4 * shape.stride4;
  rest /= shape.size4;
  source += rest % shape.size3 * shape.stride3;
  rest /= shape.size3;
  source += rest % shape.size2 * shape.stride2;
  rest /= shape.size2;
  source += rest % shape.size1 * shape.stride1;
  rest /= shape.size1;
  y[i] = x[source + rest * shape.stride0];
}
