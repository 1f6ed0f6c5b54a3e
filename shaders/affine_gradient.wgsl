// The gradient of y = exp(s) * x + t and, with RESTORE = 1, its inverse at once, all in place:
//   x (holds y if RESTORE) <- x        dx (holds dy) <- dy * exp(s)
//   logScale (holds s) <- ds = dy * exp(s) * x        t <- dt = dy
// x, dx: (batch, channels, height, width)   logScale: (batch, channels, factor * height, factor * width)
// network: (batch, 2 * channels, factor * height, factor * width), its second half of channels holds t
// grid: linear over the elements of logScale; those that no element of x uses get no gradient
override RESTORE: u32 = 1;

struct Shape { size: u32, channels: u32, height: u32, width: u32, factor: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<storage, read_write> logScale: array<f32>;
@group(0) @binding(4) var<storage, read_write> network: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + local;
  if (i >= shape.size) { return; }
  let fineWidth = shape.factor * shape.width;
  let finePlane = shape.factor * shape.height * fineWidth;
  let plane = i / finePlane;
  let row = i % finePlane / fineWidth;
  let column = i % fineWidth;
  let shiftAt = i + (plane / shape.channels + 1u) * shape.channels * finePlane;
  if (row % shape.factor != 0u || column % shape.factor != 0u) {
    logScale[i] = 0.0;
    network[shiftAt] = 0.0;
    return;
  }
  let at = (plane * shape.height + row / shape.factor) * shape.width + column / shape.factor;
  let scale = exp(logScale[i]);
  let dy = dx[at];
  var scaled = scale * x[at];
  if (RESTORE == 1u) {
    scaled = x[at] - network[shiftAt];
    x[at] = scaled / scale;
  }
  dx[at] = dy * scale;
  logScale[i] = dy * scaled;
  network[shiftAt] = dy;
}
