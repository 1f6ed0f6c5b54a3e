// partials[c, o, i, k] = sum over the rows of chunk c of dy[n, o, p] * x[n, i, STRIDE * p + k - K / 2].
// The rows of all images, batch * outHeight of them, are cut into chunks; sum_slices adds the partial sums in order.
// dy: (batch, outputs, outHeight, outWidth)   x: (batch, inputs, inHeight, inWidth)   partials: (chunks, outputs, inputs, K, K)
// grid: (ceil(inputs * K / 64), ceil(outputs / 4), chunks)
// One invocation computes one row of taps for 4 output channels: all lanes read the same dy, and an input is loaded once for all taps.
override K: u32 = 7;
override STRIDE: u32 = 1;
const BLOCK: u32 = 4;

struct Shape {
  inputs: u32, outputs: u32, inHeight: u32, inWidth: u32, outHeight: u32, outWidth: u32, rows: u32, rowsPerChunk: u32
}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;

fn input(line: u32, column: u32) -> f32 {
  return select(0.0, x[line + min(column, shape.inWidth - 1u)], column < shape.inWidth);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  if (id.x >= shape.inputs * K) { return; }
  let i = id.x / K;
  let ky = id.x % K;
  let pixels = shape.outHeight * shape.outWidth;

  var sum: array<vec4f, K>; // one vector of 4 output channels a tap
  let end = min(shape.rows, (group.z + 1u) * shape.rowsPerChunk);
  for (var r = group.z * shape.rowsPerChunk; r < end; r++) {
    let n = r / shape.outHeight;
    let outRow = r % shape.outHeight;
    let row = outRow * STRIDE + ky - K / 2u; // wraps below zero, and is then too large
    if (row < shape.inHeight) {
      let line = ((n * shape.inputs + i) * shape.inHeight + row) * shape.inWidth;
      let first = (n * shape.outputs + group.y * BLOCK) * pixels + outRow * shape.outWidth;
      let last = (n * shape.outputs + shape.outputs - 1u) * pixels + outRow * shape.outWidth;
      let a = first;
      let b = min(first + pixels, last);
      let c = min(first + 2u * pixels, last);
      let d = min(first + 3u * pixels, last);
      var values: array<f32, K>; // the inputs under the taps, which slide along the row
      // unroll
      for (var k = 0u; k < K; k++) { values[k] = input(line, k - K / 2u); }
      for (var p = 0u; p < shape.outWidth; p++) {
        let gradient = vec4f(dy[a + p], dy[b + p], dy[c + p], dy[d + p]);
        // unroll
        for (var k = 0u; k < K; k++) { sum[k] += gradient * values[k]; }
        // unroll
        for (var k = 0u; k < K; k++) {
          if (k + STRIDE < K) { values[k] = values[min(k + STRIDE, K - 1u)]; }
          else { values[k] = input(line, (p + 1u) * STRIDE + k - K / 2u); }
        }
      }
    }
  }

  // unroll
  for (var b = 0u; b < BLOCK; b++) {
    let o = group.y * BLOCK + b;
    if (o < shape.outputs) {
      let at = ((group.z * shape.outputs + o) * shape.inputs + i) * K * K + ky * K;
      // unroll
      for (var k = 0u; k < K; k++) { partials[at + k] = sum[k][b]; }
    }
  }
}
