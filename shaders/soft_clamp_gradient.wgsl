// dx = dy * 0.636 / (1 + (x / alpha)^2), written over x.
// x: (items, stride), of which the first `size` values of each item are replaced   dy: (items, size)
// grid: linear over items * size
struct Shape { items: u32, size: u32, stride: u32, alpha: f32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + local;
  if (i >= shape.items * shape.size) { return; }
  let at = i / shape.size * shape.stride + i % shape.size;
  let ratio = x[at] / shape.alpha;
  x[at] = dy[i] * 0.636 / (1.0 + ratio * ratio);
}
