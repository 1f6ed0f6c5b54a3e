// The spectra of the gradient of the weights, summed over tiles (those of x and dy are pairs of real tiles in one complex tile):
//   dw[f, i, o] (+)= sum over p of x[f, i, p] * conj(dy[f, o, p]) + conj(x[-f, i, p]) * dy[-f, o, p]
// which is twice the correlation of the real tiles. Since dw[-f] is its conjugate, the rows of f from 0 to TILE / 2 suffice.
// With add = 1 the sum is added to dw, otherwise it replaces dw.
// x: (TILE, TILE, inputs, pairs)   dy: (TILE, TILE, outputs, pairs)   dw: (TILE / 2 + 1, TILE, inputs, outputs)
// grid: (ceil(outputs / (8 * BLOCK)), ceil(inputs / (8 * BLOCK)), HALF)
// One invocation computes BLOCK x BLOCK channels.
override TILE: u32 = 16;
override BLOCK: u32 = 4;
// #include "lib/half_frequencies.wgsl"

struct Shape { inputs: u32, outputs: u32, pairs: u32, add: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<vec2f>;
@group(0) @binding(2) var<storage, read> dy: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> dw: array<vec2f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let firstOutput = (group.x * 8u + local % 8u) * BLOCK;
  let firstInput = (group.y * 8u + local / 8u) * BLOCK;
  let f = frequency(group.z);
  let opposite = negative(f);
  if (firstInput >= shape.inputs || firstOutput >= shape.outputs) { return; }

  var sums: array<vec2f, BLOCK * BLOCK>;
  for (var p = 0u; p < shape.pairs; p++) {
    var d: array<vec2f, BLOCK>;
    var e: array<vec2f, BLOCK>;
    // unroll
    for (var k = 0u; k < BLOCK; k++) {
      let o = min(firstOutput + k, shape.outputs - 1u);
      d[k] = dy[(f * shape.outputs + o) * shape.pairs + p];
      e[k] = dy[(opposite * shape.outputs + o) * shape.pairs + p];
    }
    // unroll
    for (var j = 0u; j < BLOCK; j++) {
      let i = min(firstInput + j, shape.inputs - 1u);
      let a = x[(f * shape.inputs + i) * shape.pairs + p];
      let b = x[(opposite * shape.inputs + i) * shape.pairs + p];
      // unroll
      for (var k = 0u; k < BLOCK; k++) {
        let at = j * BLOCK + k;
        sums[at] = fma(a, vec2f(d[k].x), fma(a.yx, vec2f(d[k].y, -d[k].y), sums[at]));
        sums[at] = fma(e[k], vec2f(b.x), fma(e[k].yx, vec2f(b.y, -b.y), sums[at]));
      }
    }
  }

  // unroll
  for (var j = 0u; j < BLOCK; j++) {
    // unroll
    for (var k = 0u; k < BLOCK; k++) {
      let i = firstInput + j;
      let o = firstOutput + k;
      if (i < shape.inputs && o < shape.outputs) {
        let at = (f * shape.inputs + i) * shape.outputs + o;
        var sum = sums[j * BLOCK + k];
        if (shape.add == 1u) { sum += dw[at]; }
        dw[at] = sum;
        if (opposite / TILE <= TILE / 2u) { dw[(opposite * shape.inputs + i) * shape.outputs + o] = vec2f(sum.x, -sum.y); }
      }
    }
  }
}
