// x[i] -= mean[(i / inner) % groups], in place. CVN: inner = 1, groups = pixels. SVN: inner = pixels, groups = channels.
// x: (size)   mean: (groups)
// grid: linear over size
struct Shape { size: u32, inner: u32, groups: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + local;
  if (i >= shape.size) { return; }
  x[i] -= mean[i / shape.inner % shape.groups];
}
