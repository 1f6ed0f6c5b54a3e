// y = factor * y + offset, in place; with factor 0 it fills, whatever y held.
// y: (size)
// grid: linear over size
struct Shape { size: u32, factor: f32, offset: f32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + local;
  if (i >= shape.size) { return; }
  var value = shape.offset;
  if (shape.factor != 0.0) { value += shape.factor * y[i]; } // memory of the pool may hold NaN
  y[i] = value;
}
