// inverse = (U + diag(sign * exp(logS - mean(logS))))^-1 (L + I)^-1 P^T, column by column by substitution.
// Shapes as in mixing_matrix.
// grid: linear over SIZE
override SIZE: u32 = 16;
// #include "lib/linear_index.wgsl"
// #include "lib/mixing.wgsl"

@group(0) @binding(0) var<storage, read> lower: array<f32>;
@group(0) @binding(1) var<storage, read> logS: array<f32>;
@group(0) @binding(2) var<storage, read> upper: array<f32>;
@group(0) @binding(3) var<storage, read> perm: array<f32>;
@group(0) @binding(4) var<storage, read> sign: array<f32>;
@group(0) @binding(5) var<storage, read_write> inverse: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let j = linearIndex(at); // the column
  if (j >= SIZE) { return; }
  let mean = meanLogS();

  var column: array<f32, SIZE>;
  for (var i = 0u; i < SIZE; i++) {
    var value = perm[j * SIZE + i];
    for (var k = 0u; k < i; k++) { value -= lower[i * SIZE + k] * column[k]; }
    column[i] = value;
  }
  for (var back = 0u; back < SIZE; back++) {
    let i = SIZE - 1u - back;
    var value = column[i];
    for (var k = i + 1u; k < SIZE; k++) { value -= upper[i * SIZE + k] * column[k]; }
    column[i] = value * sign[i] * exp(mean - logS[i]);
  }
  for (var i = 0u; i < SIZE; i++) { inverse[i * SIZE + j] = column[i]; }
}
