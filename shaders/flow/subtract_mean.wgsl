// x[n, c, p] -= mean[p] (CVN) or mean[c] (SVN), in place.
// x: (batch, channels, pixels)   mean: (pixels), or (channels) if PER_CHANNEL
// grid: (ceil(pixels / 64), channels); the batch is a loop, since index divisions would cost more than everything else
override PER_CHANNEL: u32 = 0;

struct Shape { batch: u32, channels: u32, pixels: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.pixels) { return; }
  let value = mean[select(id.x, id.y, PER_CHANNEL == 1u)];
  for (var n = 0u; n < shape.batch; n++) { x[(n * shape.channels + id.y) * shape.pixels + id.x] -= value; }
}
