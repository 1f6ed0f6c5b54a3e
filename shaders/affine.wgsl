// y = exp(logScale) * x + shift, in place over x (paper, equation 3); with INVERSE = 1, x = (y - shift) / exp(logScale).
// x: (batch, channels, height, width)
// logScale: (batch, channels, factor * height, factor * width), of which element (factor * i, factor * j) belongs to x[i, j]
// shift: the second half of the channels of network (batch, 2 * channels, factor * height, factor * width)
// grid: linear over the elements of x
override INVERSE: u32 = 0;

struct Shape { size: u32, channels: u32, height: u32, width: u32, factor: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read> logScale: array<f32>;
@group(0) @binding(3) var<storage, read> network: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + local;
  if (i >= shape.size) { return; }
  let column = i % shape.width;
  let row = i / shape.width % shape.height;
  let plane = i / (shape.width * shape.height);
  let finePlane = shape.factor * shape.height * shape.factor * shape.width;
  let at = plane * finePlane + (row * shape.factor * shape.width + column) * shape.factor;
  // image n's log scales start at n * channels planes, its shifts at (2 * n + 1) * channels
  let shift = network[at + (plane / shape.channels + 1u) * shape.channels * finePlane];
  if (INVERSE == 1u) { x[i] = (x[i] - shift) / exp(logScale[at]); } else { x[i] = exp(logScale[at]) * x[i] + shift; }
}
