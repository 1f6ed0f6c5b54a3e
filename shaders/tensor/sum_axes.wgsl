// y[k, p] = sum of x[k, s] over s = p, p + parts, p + 2 parts, ... < sums, in that order. k stands for three axes that are kept, and s
// for three that are summed; x[k, s] lies at k0 * kept0 + k1 * kept1 + k2 * kept2 + s0 * summed0 + s1 * summed1 + s2 * summed2.
// y: (results, parts), or (parts, results) if PARTS_FIRST, so that neighbouring invocations read neighbouring values
// grid: linear over results * parts
// #include "lib/linear_index.wgsl"
override PARTS_FIRST: u32 = 0;

struct Shape {
  results: u32, parts: u32, sums: u32,
  keptSize1: u32, keptSize2: u32, kept0: u32, kept1: u32, kept2: u32,
  summedSize1: u32, summedSize2: u32, summed0: u32, summed1: u32, summed2: u32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i >= shape.results * shape.parts) { return; }
  let result = select(i / shape.parts, i % shape.results, PARTS_FIRST == 1u);
  let part = select(i % shape.parts, i / shape.results, PARTS_FIRST == 1u);
  let keptPlane = shape.keptSize1 * shape.keptSize2;
  let summedPlane = shape.summedSize1 * shape.summedSize2;
  let first = result / keptPlane * shape.kept0 + result / shape.keptSize2 % shape.keptSize1 * shape.kept1
    + result % shape.keptSize2 * shape.kept2;
  var sum = 0.0;
  for (var s = part; s < shape.sums; s += shape.parts) {
    sum += x[first + s / summedPlane * shape.summed0 + s / shape.summedSize2 % shape.summedSize1 * shape.summed1
      + s % shape.summedSize2 * shape.summed2];
  }
  y[i] = sum;
}
