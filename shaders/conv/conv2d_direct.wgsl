// y[n, o, p] = leaky( sum over i, k of w[o, i, k] * x[n, i, STRIDE * p + k - K / 2] ), zero padding; slope 1 is no LeakyReLU.
// With MASKED = 1, y holds the output h of a LeakyReLU and is replaced: y = (h > 0 ? 1 : slope) * sum.
// x: (batch, inputs, inHeight, inWidth)   packed: weights as conv2d_pack lays them out   y: (batch, outputs, outHeight, outWidth)
// grid: (ceil(outHeight * ceil(outWidth / RUN) / 64), ceil(outputs / 8), batch)
// One invocation computes 8 channels of RUN neighbouring pixels: all lanes read the same weights, and the taps share inputs.
override K: u32 = 7;
override STRIDE: u32 = 1;
override RUN: u32 = 4;
override MASKED: u32 = 0;
const SPAN: u32 = (RUN - 1) * STRIDE + K;

struct Shape { inputs: u32, outputs: u32, inHeight: u32, inWidth: u32, outHeight: u32, outWidth: u32, slope: f32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> packed: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let runs = (shape.outWidth + RUN - 1u) / RUN;
  let outRow = id.x / runs;
  let outColumn = id.x % runs * RUN;
  if (outRow >= shape.outHeight) { return; }
  let quads = (shape.outputs + 3u) / 4u;
  let lowQuad = group.y * 2u;
  let highQuad = min(lowQuad + 1u, quads - 1u);
  let firstColumn = outColumn * STRIDE - K / 2u; // wraps below zero, and is then too large

  var low: array<vec4f, RUN>; // channels 0 to 3 of the 8
  var high: array<vec4f, RUN>;
  for (var i = 0u; i < shape.inputs; i++) {
    for (var ky = 0u; ky < K; ky++) {
      let row = outRow * STRIDE + ky - K / 2u;
      if (row < shape.inHeight) {
        let line = ((group.z * shape.inputs + i) * shape.inHeight + row) * shape.inWidth;
        var values: array<f32, SPAN>;
        // unroll
        for (var s = 0u; s < SPAN; s++) {
          let column = firstColumn + s;
          values[s] = select(0.0, x[line + min(column, shape.inWidth - 1u)], column < shape.inWidth);
        }
        let tap = (i * K + ky) * K * quads;
        // unroll
        for (var kx = 0u; kx < K; kx++) {
          let lowWeights = packed[tap + kx * quads + lowQuad];
          let highWeights = packed[tap + kx * quads + highQuad];
          // unroll
          for (var r = 0u; r < RUN; r++) {
            low[r] += lowWeights * values[r * STRIDE + kx];
            high[r] += highWeights * values[r * STRIDE + kx];
          }
        }
      }
    }
  }

  let pixels = shape.outHeight * shape.outWidth;
  // unroll
  for (var b = 0u; b < 8u; b++) {
    let o = group.y * 8u + b;
    if (o < shape.outputs) {
      let plane = (group.z * shape.outputs + o) * pixels + outRow * shape.outWidth;
      // unroll
      for (var r = 0u; r < RUN; r++) {
        if (outColumn + r < shape.outWidth) {
          let sum = select(low[r][b % 4u], high[r][b % 4u], b >= 4u);
          let at = plane + outColumn + r;
          var sign = sum;
          if (MASKED == 1u) { sign = y[at]; }
          y[at] = select(shape.slope, 1.0, sign > 0.0) * sum;
        }
      }
    }
  }
}
