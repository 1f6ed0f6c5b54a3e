// w = P (L + I) (U + diag(sign * exp(logS - mean(logS)))), so |det w| = 1 (paper, section 3.4; Glow, equation 10).
// L is the strict lower part of `lower`, U the strict upper part of `upper`, P a permutation.
// all: (SIZE, SIZE), save logS and sign: (SIZE)
// grid: linear over SIZE * SIZE
override SIZE: u32 = 16;

@group(0) @binding(0) var<storage, read> lower: array<f32>;
@group(0) @binding(1) var<storage, read> logS: array<f32>;
@group(0) @binding(2) var<storage, read> upper: array<f32>;
@group(0) @binding(3) var<storage, read> perm: array<f32>;
@group(0) @binding(4) var<storage, read> sign: array<f32>;
@group(0) @binding(5) var<storage, read_write> w: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= SIZE * SIZE) { return; }
  let column = id.x % SIZE;
  var row = 0u; // of L U, which P moves to this row of w
  var mean = 0.0;
  for (var k = 0u; k < SIZE; k++) {
    if (perm[id.x / SIZE * SIZE + k] > 0.5) { row = k; }
    mean += logS[k] / f32(SIZE);
  }
  var sum = 0.0;
  for (var k = 0u; k <= min(row, column); k++) {
    let l = select(lower[row * SIZE + k], 1.0, k == row);
    var u = upper[k * SIZE + column];
    if (k == column) { u = sign[k] * exp(logS[k] - mean); }
    sum += l * u;
  }
  w[id.x] = sum;
}
