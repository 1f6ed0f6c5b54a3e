// The gradient of the LU factors of mixing_matrix below the diagonal, from dw: dL = P^T dw U^T, where U includes its diagonal.
// Shapes as in mixing_matrix; dLower: (SIZE, SIZE), zero where the parameter has no effect
// grid: linear over SIZE * SIZE
override SIZE: u32 = 16;
// #include "lib/linear_index.wgsl"
// #include "lib/mixing.wgsl"

@group(0) @binding(0) var<storage, read> logS: array<f32>;
@group(0) @binding(1) var<storage, read> upper: array<f32>;
@group(0) @binding(2) var<storage, read> perm: array<f32>;
@group(0) @binding(3) var<storage, read> sign: array<f32>;
@group(0) @binding(4) var<storage, read> dw: array<f32>;
@group(0) @binding(5) var<storage, read_write> dLower: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let index = linearIndex(at);
  if (index >= SIZE * SIZE) { return; }
  let i = index / SIZE;
  let j = index % SIZE;
  var row = 0u; // where P puts row i of L U
  var mean = 0.0; // as in mixing_matrix
  for (var k = 0u; k < SIZE; k++) {
    if (perm[k * SIZE + i] > 0.5) { row = k; }
    mean += logS[k] / f32(SIZE);
  }
  var sum = 0.0;
  if (i > j) {
    sum = dw[row * SIZE + j] * diagonal(j, mean);
    for (var k = j + 1u; k < SIZE; k++) { sum += dw[row * SIZE + k] * upper[j * SIZE + k]; }
  }
  dLower[index] = sum;
}
