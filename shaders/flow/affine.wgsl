// y = exp(logScale - mean) * x + shift, in place over x (paper, equation 3); with INVERSE = 1, x = (y - shift) / exp(logScale - mean).
// x: (batch, channels, height, width)
// logScale: (batch, channels, FACTOR * height, FACTOR * width), of which element (FACTOR * i, FACTOR * j) belongs to x[i, j]
// mean: (FACTOR * height, FACTOR * width) (CVN), or (channels) if PER_CHANNEL (SVN)
// shift: the second half of the channels of network (batch, 2 * channels, FACTOR * height, FACTOR * width)
// grid: (ceil(width / 64), height, channels); the batch is a loop, since index divisions would cost more than everything else
override INVERSE: u32 = 0;
override FACTOR: u32 = 1;
override PER_CHANNEL: u32 = 0;

struct Shape { batch: u32, channels: u32, height: u32, width: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read> logScale: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> network: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.width) { return; }
  let pixels = shape.height * shape.width;
  let finePixels = FACTOR * FACTOR * pixels;
  let fine = FACTOR * (id.y * FACTOR * shape.width + id.x);
  let average = mean[select(fine, id.z, PER_CHANNEL == 1u)];
  for (var n = 0u; n < shape.batch; n++) {
    let i = (n * shape.channels + id.z) * pixels + id.y * shape.width + id.x;
    let scale = exp(logScale[(n * shape.channels + id.z) * finePixels + fine] - average);
    let shift = network[((2u * n + 1u) * shape.channels + id.z) * finePixels + fine];
    if (INVERSE == 1u) { x[i] = (x[i] - shift) / scale; } else { x[i] = scale * x[i] + shift; }
  }
}
