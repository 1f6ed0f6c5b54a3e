// y[n, channel + c, i, j] = x[n, c, i * SHRINK / ENLARGE, j * SHRINK / ENLARGE]: PyTorch's nearest resize by whole factors.
// x: (batch, channels, xHeight, xWidth)   y: (batch, yChannels, yHeight, yWidth), of which channels from `channel` on are written
// grid: (ceil(yWidth / 64), yHeight, channels); the batch is a loop and the factors are constants, since divisions are expensive
override ROW_ENLARGE: u32 = 1;
override ROW_SHRINK: u32 = 1;
override COLUMN_ENLARGE: u32 = 1;
override COLUMN_SHRINK: u32 = 1;

struct Shape {
  batch: u32, channels: u32, xHeight: u32, xWidth: u32, yHeight: u32, yWidth: u32, channel: u32, yChannels: u32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.yWidth) { return; }
  let source = id.y * ROW_SHRINK / ROW_ENLARGE * shape.xWidth + id.x * COLUMN_SHRINK / COLUMN_ENLARGE;
  let place = id.y * shape.yWidth + id.x;
  for (var n = 0u; n < shape.batch; n++) {
    let xPlane = (n * shape.channels + id.z) * shape.xHeight * shape.xWidth;
    let yPlane = (n * shape.yChannels + shape.channel + id.z) * shape.yHeight * shape.yWidth;
    y[yPlane + place] = x[xPlane + source];
  }
}
