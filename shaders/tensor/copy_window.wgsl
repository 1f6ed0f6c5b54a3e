// y[item, toStart + i] = x[item, fromStart + i] for i < size: moves a window of channels of every image.
// x: (items, fromStride)   y: (items, toStride)
// grid: linear over items * size
struct Shape { items: u32, size: u32, fromStart: u32, fromStride: u32, toStart: u32, toStride: u32 }
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
  if (i >= shape.items * shape.size) { return; }
  let item = i / shape.size;
  let rest = i % shape.size;
  y[item * shape.toStride + shape.toStart + rest] = x[item * shape.fromStride + shape.fromStart + rest];
}
