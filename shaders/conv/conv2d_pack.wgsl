// Lays weights out for conv2d_direct: packed[((i * K + ky) * K + kx) * ceil(outputs / 4) + o / 4][o % 4] = w[o, i, ky, kx],
// so that one load reads four channels; channels past the last are 0. With TRANSPOSE = 1 the weights are those of the gradient of
// the input: inputs and outputs are exchanged, and the taps are rotated by 180 degrees.
// w: (outputs, inputs, K, K), or (inputs, outputs, K, K) if TRANSPOSE
// grid: linear over inputs * K * K * ceil(outputs / 4)
// #include "lib/linear_index.wgsl"
override K: u32 = 7;
override TRANSPOSE: u32 = 0;

struct Shape { inputs: u32, outputs: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> packed: array<vec4f>;

fn weight(o: u32, i: u32, tap: u32) -> f32 {
  if (o >= shape.outputs) { return 0.0; }
  if (TRANSPOSE == 1u) { return w[(i * shape.outputs + o) * K * K + K * K - 1u - tap]; }
  return w[(o * shape.inputs + i) * K * K + tap];
}

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let index = linearIndex(at);
  let quads = (shape.outputs + 3u) / 4u;
  if (index >= shape.inputs * K * K * quads) { return; }
  let o = index % quads * 4u;
  let tap = index / quads % (K * K);
  let i = index / quads / (K * K);
  packed[index] = vec4f(weight(o, i, tap), weight(o + 1u, i, tap), weight(o + 2u, i, tap), weight(o + 3u, i, tap));
}
