// The product of tile spectra with weight spectra as conv_tile_product makes it, for adapters whose subgroups are 8 wide and to which
// a load costs as much as many multiplications: the lanes of a subgroup load eight floats of w at once and pass them round.
//   y[f, o, p] = sum over i of x[f, i, p] * w[f, i, o], with the conjugate of w if CONJUGATE = 1
// x: (TILE, TILE, inputs, pairs)   w: (TILE / 2 + 1, TILE, inputs, outputs), real and imaginary parts   y: (TILE, TILE, outputs, pairs)
// grid: (ceil(pairs / (8 * PAIRS)), ceil(outputs / OUTPUTS), ceil(HALF / 8))
// One subgroup serves f and -f; one invocation makes OUTPUTS channels, a multiple of 4, of PAIRS pairs.
enable subgroups;

override TILE: u32 = 16;
override CONJUGATE: u32 = 0;
override PAIRS: u32 = 2;
override OUTPUTS: u32 = 16;
// #include "lib/half_frequencies.wgsl"

struct Shape { inputs: u32, outputs: u32, pairs: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<vec2f>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec2f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let lane = local % 8u;
  let firstPair = group.x * 8u * PAIRS + lane;
  let firstOutput = group.y * OUTPUTS;
  let half = min(group.z * 8u + local / 8u, HALF - 1u); // the last ones are made more than once
  let f = frequency(half);
  let opposite = negative(f);
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
    for (var quad = 0u; quad < OUTPUTS / 4u; quad++) {
      let at = min(2u * firstOutput + 8u * quad + lane, 2u * shape.outputs - 1u);
      let weights = w[2u * (f * shape.inputs + i) * shape.outputs + at];
      // unroll
      for (var k = 0u; k < 4u; k++) {
        let real = subgroupBroadcast(weights, 2u * k);
        let imaginary = subgroupBroadcast(weights, 2u * k + 1u);
        // unroll
        for (var j = 0u; j < PAIRS; j++) {
          let sum = (4u * quad + k) * PAIRS + j;
          sums[sum] = fma(vec2f(real), a[j], fma(vec2f(-imaginary, imaginary), a[j].yx, sums[sum]));
          turnedSums[sum] = fma(vec2f(real), b[j], fma(vec2f(imaginary, -imaginary), b[j].yx, turnedSums[sum]));
        }
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
