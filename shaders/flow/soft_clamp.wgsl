// y = alpha * 0.636 * atan(x / alpha): keeps a log scale within +-alpha (paper, equation 4; 0.636 is about 2 / pi).
// x: (batch, xChannels, pixels), of which the first `channels` of each image are read   y: (batch, channels, pixels)
// grid: (ceil(pixels / 64), channels, batch)
// WGSL allows its own atan an error of 4096 ULP, so the polynomial is written out.
struct Shape { channels: u32, xChannels: u32, pixels: u32, alpha: f32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const HALF_PI = 1.5707963267948966;

// atan(t) / t on [0, 1] as a minimax polynomial in t^2, highest power first; its own relative error is 4e-10.
const TERMS: u32 = 11;
const ARCTANGENT = array<f32, TERMS>(
  1.091113935774e-03, -7.199398727268e-03, 2.227438368457e-02, -4.435752484839e-02, 6.716109239010e-02, -8.798772627107e-02,
  1.105450134207e-01, -1.427915965656e-01, 1.999960463971e-01, -3.333332393548e-01, 9.999999996283e-01,
);

// atan(a) = pi / 2 - atan(1 / a) beyond 1
fn arctangent(a: f32) -> f32 {
  let t = min(abs(a), 1.0 / max(abs(a), 1e-30));
  let s = t * t;
  var p = 0.0;
  // unroll
  for (var i = 0u; i < TERMS; i++) { p = p * s + ARCTANGENT[i]; }
  let small = t * p;
  return sign(a) * select(small, HALF_PI - small, abs(a) > 1.0);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= shape.pixels) { return; }
  let value = x[(id.z * shape.xChannels + id.y) * shape.pixels + id.x];
  y[(id.z * shape.channels + id.y) * shape.pixels + id.x] = shape.alpha * 0.636 * arctangent(value / shape.alpha);
}
