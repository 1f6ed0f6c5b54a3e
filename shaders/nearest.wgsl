// y[n, channel + c, i, j] = x[n, c, i * xHeight / yHeight, j * xWidth / yWidth]: PyTorch's nearest resize by whole factors.
// x: (batch, channels, xHeight, xWidth)   y: (batch, yChannels, yHeight, yWidth), of which channels from `channel` on are written
// grid: linear over batch * channels * yHeight * yWidth
struct Shape {
  batch: u32, channels: u32, xHeight: u32, xWidth: u32, yHeight: u32, yWidth: u32, channel: u32, yChannels: u32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + local;
  let pixels = shape.yHeight * shape.yWidth;
  if (index >= shape.batch * shape.channels * pixels) { return; }
  let plane = index / pixels;
  let pixel = index % pixels;
  let row = pixel / shape.yWidth * shape.xHeight / shape.yHeight;
  let column = pixel % shape.yWidth * shape.xWidth / shape.yWidth;
  let yPlane = plane / shape.channels * shape.yChannels + shape.channel + plane % shape.channels;
  y[yPlane * pixels + pixel] = x[(plane * shape.xHeight + row) * shape.xWidth + column];
}
