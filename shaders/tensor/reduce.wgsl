// y[item, g] = sum, sum of squares or maximum over x[item, i] for the i of workgroup g, in fixed order.
// If a value is not finite, the maximum is that value (NaN, or an infinity of either sign).
// x: (items, size)   y: (items, workgroups)
// grid: (workgroups, items); lane l of workgroup g takes every (64 * workgroups)-th value from 64 * g + l on, then a tree joins lanes
override MODE: u32 = 0; // 0 sum, 1 sum of squares, 2 maximum
// #include "lib/is_finite.wgsl"

struct Shape { size: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> lanes: array<f32, 64>;

fn join(a: f32, b: f32) -> f32 {
  if (MODE != 2u) { return a + b; }
  if (!isFinite(a)) { return a; }
  if (!isFinite(b)) { return b; }
  return max(a, b);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let item = group.y * shape.size;
  var value = 0.0;
  if (MODE == 2u) { value = x[item]; }
  for (var i = group.x * 64u + local; i < shape.size; i += groups.x * 64u) {
    let next = x[item + i];
    value = join(value, select(next, next * next, MODE == 1u));
  }
  lanes[local] = value;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { lanes[local] = join(lanes[local], lanes[local + half]); }
  }
  if (local == 0u) { y[group.y * groups.x + group.x] = lanes[0]; }
}
