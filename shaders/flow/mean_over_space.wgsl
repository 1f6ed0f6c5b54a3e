// mean[c] = sum over n, p of x[n, c, p] / count, in fixed order: the mean of SVN, of values or of partial sums.
// x: (batch, channels, pixels)   mean: (channels)
// grid: (channels); each of 64 lanes adds every 64th value, then a tree adds the lanes
struct Shape { batch: u32, channels: u32, pixels: u32, count: f32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;

var<workgroup> lanes: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  var total = 0.0;
  for (var n = 0u; n < shape.batch; n++) {
    let plane = (n * shape.channels + group.x) * shape.pixels;
    var sum = 0.0;
    for (var p = local; p < shape.pixels; p += 64u) { sum += x[plane + p]; }
    total += sum;
  }
  lanes[local] = total;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { lanes[local] += lanes[local + half]; }
  }
  if (local == 0u) { mean[group.x] = lanes[0] / shape.count; }
}
