// dx[n, i, q] = sum over o, k with STRIDE * p + k - K / 2 = q of w[o, i, k] * dy[n, o, p], the transpose of conv2d_direct for
// strides above 1; stride 1 uses conv2d_direct with transposed weights.
// dy: (batch, outputs, outHeight, outWidth)   w: (outputs, inputs, K, K)   dx: (batch, inputs, inHeight, inWidth)
// grid: (ceil(inHeight * inWidth / 64), ceil(inputs / BLOCK), batch)
override K: u32 = 7;
override STRIDE: u32 = 2;
const BLOCK: u32 = 8;

struct Shape { inputs: u32, outputs: u32, inHeight: u32, inWidth: u32, outHeight: u32, outWidth: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let pixels = shape.inHeight * shape.inWidth;
  if (id.x >= pixels) { return; }
  let lastRow = id.x / shape.inWidth + K / 2u;
  let lastColumn = id.x % shape.inWidth + K / 2u;
  let firstInput = group.y * BLOCK;
  let lastInput = shape.inputs - 1u;

  var sum: array<f32, BLOCK>;
  for (var o = 0u; o < shape.outputs; o++) {
    let plane = (group.z * shape.outputs + o) * shape.outHeight * shape.outWidth;
    for (var ky = 0u; ky < K; ky++) {
      let row = lastRow - ky; // wraps below zero, and is then too large
      // unroll
      for (var kx = 0u; kx < K; kx++) {
        let column = lastColumn - kx;
        let inside = row % STRIDE == 0u && column % STRIDE == 0u
          && row / STRIDE < shape.outHeight && column / STRIDE < shape.outWidth;
        let at = plane + row / STRIDE * shape.outWidth + column / STRIDE;
        let value = select(0.0, dy[select(0u, at, inside)], inside);
        // unroll
        for (var b = 0u; b < BLOCK; b++) {
          let i = min(firstInput + b, lastInput);
          sum[b] += value * w[((o * shape.inputs + i) * K + ky) * K + kx];
        }
      }
    }
  }

  // unroll
  for (var b = 0u; b < BLOCK; b++) {
    if (firstInput + b < shape.inputs) {
      dx[(group.z * shape.inputs + firstInput + b) * pixels + id.x] = sum[b];
    }
  }
}
