// y[i] = sum over s of x[s, i], in order of s.
// x: (slices, size)   y: (size)
// grid: linear over size
struct Shape { slices: u32, size: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + local;
  if (i >= shape.size) { return; }
  var sum = 0.0;
  for (var s = 0u; s < shape.slices; s++) { sum += x[s * shape.size + i]; }
  y[i] = sum;
}
