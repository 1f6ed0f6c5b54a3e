// The same sums as conv_tile_correlate, for adapters whose subgroups are 8 wide and on which a load costs as much as many
// multiplications: the lanes of a subgroup load eight channels of x at once and share them.
//   dw[f, i, o] (+)= sum over p of x[f, i, p] * conj(dy[f, o, p]) + conj(x[-f, i, p]) * dy[-f, o, p]
// With add = 1 the sum is added to dw, otherwise it replaces dw.
// x: (TILE, TILE, inputs, pairs)   dy: (TILE, TILE, outputs, pairs)   dw: (TILE / 2 + 1, TILE, inputs, outputs)
// grid: (ceil(outputs / (8 * OUTPUTS)), ceil(inputs / INPUTS), ceil(HALF / 8))
// One subgroup serves f and -f; one invocation computes INPUTS channels, a multiple of 8, times OUTPUTS channels, 8 apart.
enable subgroups;

override TILE: u32 = 16;
override INPUTS: u32 = 16;
override OUTPUTS: u32 = 4;
// #include "lib/half_frequencies.wgsl"

struct Shape { inputs: u32, outputs: u32, pairs: u32, add: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<vec2f>;
@group(0) @binding(2) var<storage, read> dy: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> dw: array<vec2f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let lane = local % 8u;
  let firstOutput = group.x * 8u * OUTPUTS + lane;
  let firstInput = group.y * INPUTS;
  let half = group.z * 8u + local / 8u;
  let beyond = half >= HALF;
  let f = frequency(min(half, HALF - 1u));
  let opposite = negative(f);

  var sums: array<vec2f, INPUTS * OUTPUTS>;
  for (var p = 0u; p < shape.pairs; p++) {
    var d: array<vec2f, OUTPUTS>;
    var e: array<vec2f, OUTPUTS>;
    // unroll
    for (var k = 0u; k < OUTPUTS; k++) {
      let o = min(firstOutput + 8u * k, shape.outputs - 1u);
      d[k] = dy[(f * shape.outputs + o) * shape.pairs + p];
      e[k] = dy[(opposite * shape.outputs + o) * shape.pairs + p];
    }
    // unroll
    for (var eight = 0u; eight < INPUTS / 8u; eight++) {
      let i = min(firstInput + 8u * eight + lane, shape.inputs - 1u);
      let as8 = x[(f * shape.inputs + i) * shape.pairs + p];
      let bs8 = x[(opposite * shape.inputs + i) * shape.pairs + p];
      // unroll
      for (var j = 0u; j < 8u; j++) {
        let a = subgroupBroadcast(as8, j);
        let b = subgroupBroadcast(bs8, j);
        // unroll
        for (var k = 0u; k < OUTPUTS; k++) {
          let at = (8u * eight + j) * OUTPUTS + k;
          sums[at] = fma(a, vec2f(d[k].x), fma(a.yx, vec2f(d[k].y, -d[k].y), sums[at]));
          sums[at] = fma(e[k], vec2f(b.x), fma(e[k].yx, vec2f(b.y, -b.y), sums[at]));
        }
      }
    }
  }

  // unroll
  for (var j = 0u; j < INPUTS; j++) {
    // unroll
    for (var k = 0u; k < OUTPUTS; k++) {
      let i = firstInput + j;
      let o = firstOutput + 8u * k;
      if (i < shape.inputs && o < shape.outputs && !beyond) {
        let at = (f * shape.inputs + i) * shape.outputs + o;
        var sum = sums[j * OUTPUTS + k];
        if (shape.add == 1u) { sum += dw[at]; }
        dw[at] = sum;
        if (opposite / TILE <= TILE / 2u) { dw[(opposite * shape.inputs + i) * shape.outputs + o] = vec2f(sum.x, -sum.y); }
      }
    }
  }
}
