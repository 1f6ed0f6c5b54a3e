// The gradient of y = exp(s) * x + t, s = logScale - mean, and, with RESTORE = 1, its inverse at once, all in place:
//   x (holds y if RESTORE) <- x        dx (holds dy) <- dy * exp(s)
//   logScale <- ds = dy * exp(s) * x   t <- dt = dy
// x, dx: (batch, channels, height, width)   logScale: (batch, channels, FACTOR * height, FACTOR * width)
// mean: (FACTOR * height, FACTOR * width) (CVN), or (channels) if PER_CHANNEL (SVN)
// network: (batch, 2 * channels, FACTOR * height, FACTOR * width), its second half of channels holds t
// grid: (ceil(FACTOR * width / 64), FACTOR * height, channels); elements that no element of x uses get no gradient
override RESTORE: u32 = 1;
override FACTOR: u32 = 1;
override PER_CHANNEL: u32 = 0;

struct Shape { batch: u32, channels: u32, height: u32, width: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<storage, read_write> logScale: array<f32>;
@group(0) @binding(4) var<storage, read> mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> network: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let fineWidth = FACTOR * shape.width;
  if (id.x >= fineWidth) { return; }
  let finePixels = FACTOR * shape.height * fineWidth;
  let fine = id.y * fineWidth + id.x;
  let used = id.y % FACTOR == 0u && id.x % FACTOR == 0u;
  let average = mean[select(fine, id.z, PER_CHANNEL == 1u)];
  for (var n = 0u; n < shape.batch; n++) {
    let plane = n * shape.channels + id.z;
    let scaleAt = plane * finePixels + fine;
    let shiftAt = (plane + (n + 1u) * shape.channels) * finePixels + fine;
    if (!used) {
      logScale[scaleAt] = 0.0;
      network[shiftAt] = 0.0;
    } else {
      let at = (plane * shape.height + id.y / FACTOR) * shape.width + id.x / FACTOR;
      let scale = exp(logScale[scaleAt] - average);
      let dy = dx[at];
      var scaled = scale * x[at];
      if (RESTORE == 1u) {
        scaled = x[at] - network[shiftAt];
        x[at] = scaled / scale;
      }
      dx[at] = dy * scale;
      logScale[scaleAt] = dy * scaled;
      network[shiftAt] = dy;
    }
  }
}
