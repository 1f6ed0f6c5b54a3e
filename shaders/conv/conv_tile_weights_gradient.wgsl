// The gradient to K x K weights from its spectra, the inverse of conv_tile_weights:
//   dw[o, i, r, s] (+)= scale * sum over u, v of spectra[u, v, i, o] * exp(2 pi i (u * r + v * s) / TILE)
// It is real, so that rows 1 to TILE / 2 - 1 count twice, for those that are their conjugates. With add = 1 it is added to what dw holds.
// spectra: (TILE / 2 + 1, TILE, inputs, outputs)   dw: (outputs, inputs, K, K)
// grid: (ceil(outputs / 64), inputs)
// One invocation makes the weights of one input and output.
// #include "lib/roots.wgsl"
override TILE: u32 = 16; // or 32
override K: u32 = 7;

struct Shape { inputs: u32, outputs: u32, scale: f32, add: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> spectra: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let o = id.x;
  if (o >= shape.outputs) { return; }

  var sums: array<f32, K * K>;
  for (var u = 0u; u <= TILE / 2u; u++) {
    var columns = array<vec2f, K>(); // sum over v, for every s; without the zeros Mesa keeps those of the last u
    // unroll
    for (var v = 0u; v < TILE; v++) {
      let value = spectra[((u * TILE + v) * shape.inputs + id.y) * shape.outputs + o];
      // unroll
      for (var s = 0u; s < K; s++) {
        const root = ROOTS[v * s * (32u / TILE) % 32u];
        columns[s] += vec2f(value.x * root.x + value.y * root.y, value.y * root.x - value.x * root.y);
      }
    }
    let times = select(2.0, 1.0, u % (TILE / 2u) == 0u);
    // unroll
    for (var r = 0u; r < K; r++) {
      let root = times * ROOTS[u * r * (32u / TILE) % 32u];
      // unroll
      for (var s = 0u; s < K; s++) { sums[r * K + s] += columns[s].x * root.x + columns[s].y * root.y; }
    }
  }
  let first = (o * shape.inputs + id.y) * K * K;
  // unroll
  for (var i = 0u; i < K * K; i++) {
    var before = 0.0;
    if (shape.add == 1u) { before = dw[first + i]; }
    dw[first + i] = before + shape.scale * sums[i];
  }
}
