// dx = dy * 0.636 / (1 + (x / alpha)^2), written over x.
// x: (batch, xChannels, pixels), of which the first `channels` of each image are replaced   dy: (batch, channels, pixels)
// grid: (ceil(pixels / 64), channels, batch)
struct Shape { channels: u32, xChannels: u32, pixels: u32, alpha: f32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.pixels) { return; }
  let at = (id.z * shape.xChannels + id.y) * shape.pixels + id.x;
  let ratio = x[at] / shape.alpha;
  x[at] = dy[(id.z * shape.channels + id.y) * shape.pixels + id.x] * 0.636 / (1.0 + ratio * ratio);
}
