// dx[n, c, i, j] += sum of dy[n, channel + c, p, q] over the (p, q) that nearest made from (i, j), in row-major order.
// Enlarged by a factor f that is a cell of f x f; shrunk by f it is (i / f, j / f) where f divides both.
// dx: (batch, channels, xHeight, xWidth)   dy: (batch, yChannels, yHeight, yWidth)
// grid: linear over batch * channels * xHeight * xWidth
struct Shape {
  batch: u32, channels: u32, xHeight: u32, xWidth: u32, yHeight: u32, yWidth: u32, channel: u32, yChannels: u32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + local;
  let pixels = shape.xHeight * shape.xWidth;
  if (index >= shape.batch * shape.channels * pixels) { return; }
  let plane = index / pixels;
  let row = index % pixels / shape.xWidth;
  let column = index % shape.xWidth;
  let yPlane = plane / shape.channels * shape.yChannels + shape.channel + plane % shape.channels;
  // the p with p * xHeight / yHeight = row are those from ceil(row * yHeight / xHeight) on, below that of row + 1
  let firstRow = (row * shape.yHeight + shape.xHeight - 1u) / shape.xHeight;
  let endRow = ((row + 1u) * shape.yHeight + shape.xHeight - 1u) / shape.xHeight;
  let firstColumn = (column * shape.yWidth + shape.xWidth - 1u) / shape.xWidth;
  let endColumn = ((column + 1u) * shape.yWidth + shape.xWidth - 1u) / shape.xWidth;
  var sum = 0.0;
  for (var p = firstRow; p < endRow; p++) {
    for (var q = firstColumn; q < endColumn; q++) { sum += dy[(yPlane * shape.yHeight + p) * shape.yWidth + q]; }
  }
  dx[index] += sum;
}
