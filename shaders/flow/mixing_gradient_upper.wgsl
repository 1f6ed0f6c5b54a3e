// The gradient of the LU factors of mixing_matrix on and above the diagonal, from dw: dU = (P L)^T dw, where L includes its diagonal,
// and d logS = g - mean(g) with g = diag(dU) * diag(U).
// Shapes as in mixing_matrix; dUpper: (SIZE, SIZE), zero where the parameter has no effect; dLogS: (SIZE)
// grid: 1 workgroup; its 64 lanes share the entries
override SIZE: u32 = 16;
// #include "lib/mixing.wgsl"

@group(0) @binding(0) var<storage, read> lower: array<f32>;
@group(0) @binding(1) var<storage, read> logS: array<f32>;
@group(0) @binding(2) var<storage, read> perm: array<f32>;
@group(0) @binding(3) var<storage, read> sign: array<f32>;
@group(0) @binding(4) var<storage, read> dw: array<f32>;
@group(0) @binding(5) var<storage, read_write> dUpper: array<f32>;
@group(0) @binding(6) var<storage, read_write> dLogS: array<f32>;

var<workgroup> rowOf: array<u32, SIZE>; // rowOf[i]: where P puts row i of L U
var<workgroup> diagonalGradient: array<f32, SIZE>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32) {
  for (var i = local; i < SIZE; i += 64u) {
    var row = 0u;
    for (var k = 0u; k < SIZE; k++) {
      if (perm[k * SIZE + i] > 0.5) { row = k; }
    }
    rowOf[i] = row;
  }
  workgroupBarrier();

  for (var entry = local; entry < SIZE * SIZE; entry += 64u) {
    let i = entry / SIZE;
    let j = entry % SIZE;
    var sum = 0.0;
    if (i <= j) {
      sum = dw[rowOf[i] * SIZE + j];
      for (var k = i + 1u; k < SIZE; k++) { sum += dw[rowOf[k] * SIZE + j] * lower[k * SIZE + i]; }
    }
    dUpper[entry] = select(0.0, sum, i < j);
    if (i == j) { diagonalGradient[i] = sum; }
  }
  workgroupBarrier();

  let logMean = meanLogS();
  var mean = 0.0;
  for (var k = 0u; k < SIZE; k++) { mean += diagonalGradient[k] * diagonal(k, logMean) / f32(SIZE); }
  for (var i = local; i < SIZE; i += 64u) {
    dLogS[i] = diagonalGradient[i] * diagonal(i, logMean) - mean;
  }
}
