// y[n, p] = mean over c of |x[n, c, p] - t[c, p]|: one level of the anomaly map (paper, equation 9).
// x: (batch, channels, pixels)   t: (channels, pixels)   y: (batch, pixels)
// grid: linear over batch * pixels
struct Shape { batch: u32, channels: u32, pixels: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (group.y * groups.x + group.x) * 64u + local;
  if (index >= shape.batch * shape.pixels) { return; }
  let n = index / shape.pixels;
  let p = index % shape.pixels;
  var sum = 0.0;
  for (var c = 0u; c < shape.channels; c++) {
    sum += abs(x[(n * shape.channels + c) * shape.pixels + p] - t[c * shape.pixels + p]);
  }
  y[index] = sum / f32(shape.channels);
}
