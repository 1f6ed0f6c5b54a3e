// y[s, i, j] = sum over the k of slice s of a[i, k] * b[k, j], in order of k.
// a: (rows, inner), or (inner, rows) if TRANSPOSE_A   b: (inner, columns), or (columns, inner) if TRANSPOSE_B
// y: (slices, rows, columns); sum_slices adds the slices, each of `sliceLength` values of k, a multiple of DEPTH
// grid: (ceil(columns / 32), ceil(rows / 32), slices)
// A workgroup makes a tile of 32 x 32 of a slice, and an invocation 4 x 4 of it; workgroup memory holds DEPTH values of k at a time.
override TRANSPOSE_A: u32 = 0;
override TRANSPOSE_B: u32 = 0;
const TILE: u32 = 32;
const DEPTH: u32 = 16;

struct Shape { rows: u32, inner: u32, columns: u32, sliceLength: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> left: array<vec4f, 128>; // (DEPTH, TILE / 4), four neighbouring rows each
var<workgroup> right: array<vec4f, 128>; // four neighbouring columns each

fn aAt(row: u32, k: u32, end: u32) -> f32 {
  let inside = row < shape.rows && k < end;
  let at = select(row * shape.inner + k, k * shape.rows + row, TRANSPOSE_A == 1u);
  return select(0.0, a[select(0u, at, inside)], inside);
}

fn bAt(k: u32, column: u32, end: u32) -> f32 {
  let inside = column < shape.columns && k < end;
  let at = select(k * shape.columns + column, column * shape.inner + k, TRANSPOSE_B == 1u);
  return select(0.0, b[select(0u, at, inside)], inside);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let firstRow = group.y * TILE;
  let firstColumn = group.x * TILE;
  let end = min(shape.inner, (group.z + 1u) * shape.sliceLength);

  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var k = group.z * shape.sliceLength; k < end; k += DEPTH) {
    for (var i = local; i < 128u; i += 64u) { // neighbouring lanes read neighbouring elements
      let aQuad = select(i / DEPTH, i % 8u, TRANSPOSE_A == 1u);
      let aDepth = select(i % DEPTH, i / 8u, TRANSPOSE_A == 1u);
      let r = firstRow + 4u * aQuad;
      let p = k + aDepth;
      left[aDepth * 8u + aQuad] = vec4f(aAt(r, p, end), aAt(r + 1u, p, end), aAt(r + 2u, p, end), aAt(r + 3u, p, end));
      let bQuad = select(i % 8u, i / DEPTH, TRANSPOSE_B == 1u);
      let bDepth = select(i / 8u, i % DEPTH, TRANSPOSE_B == 1u);
      let c = firstColumn + 4u * bQuad;
      let q = k + bDepth;
      right[bDepth * 8u + bQuad] = vec4f(bAt(q, c, end), bAt(q, c + 1u, end), bAt(q, c + 2u, end), bAt(q, c + 3u, end));
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let rows = left[d * 8u + local / 8u];
      let columns = right[d * 8u + local % 8u];
      sum0 += rows.x * columns;
      sum1 += rows.y * columns;
      sum2 += rows.z * columns;
      sum3 += rows.w * columns;
    }
    workgroupBarrier();
  }

  let row = firstRow + local / 8u * 4u;
  let column = firstColumn + local % 8u * 4u;
  // unroll
  for (var c = 0u; c < 4u; c++) {
    if (column + c < shape.columns) {
      let at = (group.z * shape.rows + row) * shape.columns + column + c;
      if (row < shape.rows) { y[at] = sum0[c]; }
      if (row + 1u < shape.rows) { y[at + shape.columns] = sum1[c]; }
      if (row + 2u < shape.rows) { y[at + 2u * shape.columns] = sum2[c]; }
      if (row + 3u < shape.rows) { y[at + 3u * shape.columns] = sum3[c]; }
    }
  }
}
