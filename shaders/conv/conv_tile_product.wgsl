// The product of tile spectra with weight spectra, a matrix product over channels at every frequency f = (u, v):
//   y[f, o, p] = sum over i of x[f, i, p] * w[f, i, o], with the conjugate of w if CONJUGATE = 1
// Real weights have w[-f] = conj(w[f]), so that one invocation serves f and -f with one load of w.
// x: (TILE, TILE, inputs, pairs)   w: (TILE / 2 + 1, TILE, inputs, outputs)   y: (TILE, TILE, outputs, pairs)
// grid: (ceil(pairs / (8 * PAIRS)), ceil(outputs / (8 * OUTPUTS)), HALF)
// One invocation makes OUTPUTS channels of PAIRS pairs; eight neighbouring invocations share the channels.
override TILE: u32 = 16;
override CONJUGATE: u32 = 0;
override PAIRS: u32 = 2;
override OUTPUTS: u32 = 4;
// #include "lib/half_frequencies.wgsl"

struct Shape { inputs: u32, outputs: u32, pairs: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<vec2f>;
@group(0) @binding(2) var<storage, read> w: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec2f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let firstPair = group.x * 8u * PAIRS + local % 8u;
  let firstOutput = (group.y * 8u + local / 8u) * OUTPUTS;
  let f = frequency(group.z);
  let opposite = negative(f);
  if (firstPair >= shape.pairs || firstOutput >= shape.outputs) { return; }
  let plain = select(f, opposite, CONJUGATE == 1u); // the frequency that takes w as it is
  let turned = select(opposite, f, CONJUGATE == 1u); // the one that takes its conjugate

  var sums: array<vec2f, PAIRS * OUTPUTS>;
  var turnedSums: array<vec2f, PAIRS * OUTPUTS>;
  for (var i = 0u; i < shape.inputs; i++) {
    var a: array<vec2f, PAIRS>;
    var b: array<vec2f, PAIRS>;
    // unroll
    for (var j = 0u; j < PAIRS; j++) {
      let p = min(firstPair + j * 8u, shape.pairs - 1u);
      a[j] = x[(plain * shape.inputs + i) * shape.pairs + p];
      b[j] = x[(turned * shape.inputs + i) * shape.pairs + p];
    }
    // unroll
    for (var k = 0u; k < OUTPUTS; k++) {
      let weight = w[(f * shape.inputs + i) * shape.outputs + min(firstOutput + k, shape.outputs - 1u)];
      // unroll
      for (var j = 0u; j < PAIRS; j++) {
        let at = k * PAIRS + j;
        sums[at] = fma(vec2f(weight.x), a[j], fma(vec2f(-weight.y, weight.y), a[j].yx, sums[at]));
        turnedSums[at] = fma(vec2f(weight.x), b[j], fma(vec2f(weight.y, -weight.y), b[j].yx, turnedSums[at]));
      }
    }
  }

  // unroll
  for (var k = 0u; k < OUTPUTS; k++) {
    // unroll
    for (var j = 0u; j < PAIRS; j++) {
      let p = firstPair + j * 8u;
      if (firstOutput + k < shape.outputs && p < shape.pairs) {
        y[(plain * shape.outputs + firstOutput + k) * shape.pairs + p] = sums[k * PAIRS + j];
        y[(turned * shape.outputs + firstOutput + k) * shape.pairs + p] = turnedSums[k * PAIRS + j];
      }
    }
  }
}
