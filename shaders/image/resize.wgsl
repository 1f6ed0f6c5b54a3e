// Antialiased resize along one axis as Pillow does it for 8-bit images, in integers, so that the bytes are the same on all platforms:
// y[o, t, i] = clamp((2^(bits - 1) + sum over s < stride of weights[t, s] * x[o, starts[t] + s, i]) >> bits, 0, 255).
// x: (outer, inSize, inner)   y: (outer, outSize, inner), one byte a value in a u32
// starts: (outSize)   weights: (outSize, stride), fixed point with `bits` fraction bits, 0 past the end of a window
// grid: linear over outer * outSize * inner
// #include "lib/linear_index.wgsl"
struct Shape { outer: u32, inSize: u32, outSize: u32, inner: u32, stride: u32, bits: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> starts: array<i32>;
@group(0) @binding(3) var<storage, read> weights: array<i32>;
@group(0) @binding(4) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let index = linearIndex(at);
  if (index >= shape.outer * shape.outSize * shape.inner) { return; }
  let i = index % shape.inner;
  let t = index / shape.inner % shape.outSize;
  let o = index / shape.inner / shape.outSize;
  let start = u32(starts[t]);
  var sum = 1i << (shape.bits - 1u);
  for (var s = 0u; s < shape.stride; s++) {
    let sample = min(start + s, shape.inSize - 1u);
    sum += weights[t * shape.stride + s] * i32(x[(o * shape.inSize + sample) * shape.inner + i]);
  }
  y[index] = u32(clamp(sum >> shape.bits, 0, 255));
}
