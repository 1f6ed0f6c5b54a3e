// dx[n, c, i, j] += sum of dy[n, channel + c, p, q] over the (p, q) that nearest made from (i, j), in row-major order:
// enlarged that is a cell of ENLARGE x ENLARGE; shrunk it is (i / SHRINK, j / SHRINK) where SHRINK divides both.
// dx: (batch, channels, xHeight, xWidth)   dy: (batch, yChannels, yHeight, yWidth)
// grid: (ceil(xWidth / 64), xHeight, channels)
override ROW_ENLARGE: u32 = 1;
override ROW_SHRINK: u32 = 1;
override COLUMN_ENLARGE: u32 = 1;
override COLUMN_SHRINK: u32 = 1;

struct Shape {
  batch: u32, channels: u32, xHeight: u32, xWidth: u32, yHeight: u32, yWidth: u32, channel: u32, yChannels: u32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.xWidth || id.y % ROW_SHRINK != 0u || id.x % COLUMN_SHRINK != 0u) { return; }
  let first = id.y / ROW_SHRINK * ROW_ENLARGE * shape.yWidth + id.x / COLUMN_SHRINK * COLUMN_ENLARGE;
  for (var n = 0u; n < shape.batch; n++) {
    let cell = (n * shape.yChannels + shape.channel + id.z) * shape.yHeight * shape.yWidth + first;
    var sum = 0.0;
    for (var p = 0u; p < ROW_ENLARGE; p++) {
      for (var q = 0u; q < COLUMN_ENLARGE; q++) { sum += dy[cell + p * shape.yWidth + q]; }
    }
    dx[((n * shape.channels + id.z) * shape.xHeight + id.y) * shape.xWidth + id.x] += sum;
  }
}
