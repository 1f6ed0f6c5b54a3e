// w = P (L + I) (U + diag(sign * exp(logS - mean(logS)))), so |det w| = 1 (paper, section 3.4; Glow, equation 10).
// L is the strict lower part of `lower`, U the strict upper part of `upper`, P a permutation.
// logS, sign: (SIZE)   all others: (SIZE, SIZE)
// grid: linear over SIZE * SIZE
override SIZE: u32 = 16;
// #include "lib/linear_index.wgsl"
// #include "lib/mixing.wgsl"

@group(0) @binding(0) var<storage, read> lower: array<f32>;
@group(0) @binding(1) var<storage, read> logS: array<f32>;
@group(0) @binding(2) var<storage, read> upper: array<f32>;
@group(0) @binding(3) var<storage, read> perm: array<f32>;
@group(0) @binding(4) var<storage, read> sign: array<f32>;
@group(0) @binding(5) var<storage, read_write> w: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let index = linearIndex(at);
  if (index >= SIZE * SIZE) { return; }
  let column = index % SIZE;
  var row = 0u; // of L U, which P moves to this row of w
  var mean = 0.0; // meanLogS in the same loop: a loop of its own takes a fifth of this kernel's time on lavapipe
  for (var k = 0u; k < SIZE; k++) {
    if (perm[index / SIZE * SIZE + k] > 0.5) { row = k; }
    mean += logS[k] / f32(SIZE);
  }
  var sum = 0.0;
  for (var k = 0u; k <= min(row, column); k++) {
    let l = select(lower[row * SIZE + k], 1.0, k == row);
    var u = upper[k * SIZE + column];
    if (k == column) { u = diagonal(k, mean); }
    sum += l * u;
  }
  w[index] = sum;
}
