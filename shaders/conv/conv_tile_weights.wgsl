// The spectra of K x K weights, zero beyond: spectra[u, v, i, o] = sum over r, s of w[o, i, r, s] * exp(-2 pi i (u * r + v * s) / TILE).
// Weights are real, so that rows u = 0 to TILE / 2 say all.
// w: weight (r, s) of input i and output o at i * inputStride + o * outputStride + r * K + s
// spectra: (TILE / 2 + 1, TILE, inputs, outputs)
// grid: (ceil(THIRD * outputs / 64), inputs)
// One invocation makes every THIRD-th row: the sum over r once a row, then the one over s for every v.
// #include "lib/roots.wgsl"
override TILE: u32 = 16; // or 32
override K: u32 = 7;
const THIRD = (TILE / 2u + 3u) / 3u; // of the rows, rounded up

struct Shape { inputs: u32, outputs: u32, inputStride: u32, outputStride: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> spectra: array<vec2f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let o = id.x % shape.outputs;
  if (id.x / shape.outputs >= THIRD) { return; }

  let first = id.y * shape.inputStride + o * shape.outputStride;
  var weights: array<f32, K * K>;
  // unroll
  for (var i = 0u; i < K * K; i++) { weights[i] = w[first + i]; }
  for (var u = id.x / shape.outputs; u <= TILE / 2u; u += THIRD) {
    var columns = array<vec2f, K>(); // sum over r, for every s
    // unroll
    for (var r = 0u; r < K; r++) {
      let root = ROOTS[u * r * (32u / TILE) % 32u];
      // unroll
      for (var s = 0u; s < K; s++) { columns[s] += weights[r * K + s] * root; }
    }
    // unroll
    for (var v = 0u; v < TILE; v++) {
      var sum = columns[0];
      // unroll
      for (var s = 1u; s < K; s++) {
        const root = ROOTS[v * s * (32u / TILE) % 32u];
        sum += vec2f(columns[s].x * root.x - columns[s].y * root.y, columns[s].x * root.y + columns[s].y * root.x);
      }
      spectra[((u * TILE + v) * shape.inputs + id.y) * shape.outputs + o] = sum;
    }
  }
}
