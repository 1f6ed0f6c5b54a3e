// From dw to the LU parameters: dL = P^T dw U^T below the diagonal, dU = (P L)^T dw above it,
// and d logS = g - mean(g) with g = diag(dU) * diag(U), where L and U here include their diagonals.
// Shapes as in mixing_matrix; dLower, dUpper: (SIZE, SIZE), zero where the parameter has no effect; dLogS: (SIZE)
// grid: 1 workgroup; its 64 lanes share the entries out
override SIZE: u32 = 16;

@group(0) @binding(0) var<storage, read> lower: array<f32>;
@group(0) @binding(1) var<storage, read> logS: array<f32>;
@group(0) @binding(2) var<storage, read> upper: array<f32>;
@group(0) @binding(3) var<storage, read> perm: array<f32>;
@group(0) @binding(4) var<storage, read> sign: array<f32>;
@group(0) @binding(5) var<storage, read> dw: array<f32>;
@group(0) @binding(6) var<storage, read_write> dLower: array<f32>;
@group(0) @binding(7) var<storage, read_write> dLogS: array<f32>;
@group(0) @binding(8) var<storage, read_write> dUpper: array<f32>;

var<workgroup> rowOf: array<u32, SIZE>; // rowOf[i]: where P puts row i of L U
var<workgroup> diagonal: array<f32, SIZE>; // of U
var<workgroup> diagonalGradient: array<f32, SIZE>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32) {
  for (var i = local; i < SIZE; i += 64u) {
    var mean = 0.0;
    for (var k = 0u; k < SIZE; k++) {
      mean += logS[k] / f32(SIZE);
      if (perm[k * SIZE + i] > 0.5) { rowOf[i] = k; }
    }
    diagonal[i] = sign[i] * exp(logS[i] - mean);
  }
  workgroupBarrier();

  for (var entry = local; entry < SIZE * SIZE; entry += 64u) {
    let i = entry / SIZE;
    let j = entry % SIZE;
    var sum = 0.0;
    if (i > j) {
      for (var k = j; k < SIZE; k++) { sum += dw[rowOf[i] * SIZE + k] * select(upper[j * SIZE + k], diagonal[j], k == j); }
    } else {
      for (var k = i; k < SIZE; k++) { sum += dw[rowOf[k] * SIZE + j] * select(lower[k * SIZE + i], 1.0, k == i); }
    }
    dLower[entry] = select(0.0, sum, i > j);
    dUpper[entry] = select(0.0, sum, i < j);
    if (i == j) { diagonalGradient[i] = sum * diagonal[i]; }
  }
  workgroupBarrier();

  for (var i = local; i < SIZE; i += 64u) {
    var mean = 0.0;
    for (var k = 0u; k < SIZE; k++) { mean += diagonalGradient[k] / f32(SIZE); }
    dLogS[i] = diagonalGradient[i] - mean;
  }
}
