// y = 2x2 maximum of blur(x) (released code), or blur(x) at even rows and columns if MAXIMUM = 0 (supplement of the paper).
// With GRADIENT = 1, y is instead the gradient of blur(x): dy goes to the first maximum of its window in row-major order, else 0.
// x: (planes, 2 * height, 2 * width)   dy: (planes, height, width)   y: as dy, or as x if GRADIENT
// grid: linear over planes * height * width
// #include "lib/linear_index.wgsl"
// #include "lib/binomial.wgsl"
override GRADIENT: u32 = 0;
override MAXIMUM: u32 = 1;

struct Shape { planes: u32, height: u32, width: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let index = linearIndex(at);
  let pixels = shape.height * shape.width;
  if (index >= shape.planes * pixels) { return; }
  let row = index % pixels / shape.width * 2u;
  let column = index % shape.width * 2u;
  let rows = 2u * shape.height;
  let columns = 2u * shape.width;
  let plane = index / pixels * rows * columns;

  var blurred = vec4f(); // of the window, row-major
  // unroll
  for (var i = 0u; i < 6u; i++) {
    let r = row + i - 2u; // wraps below zero, and is then too large
    var line = vec2f(); // blurred along the row, at the window's two columns
    // unroll
    for (var j = 0u; j < 6u; j++) {
      let c = column + j - 2u;
      let inside = r < rows && c < columns;
      let value = select(0.0, x[select(0u, plane + r * columns + c, inside)], inside);
      if (j < 5u) { line.x += BINOMIAL[min(j, 4u)] * value; }
      if (j > 0u) { line.y += BINOMIAL[max(j, 1u) - 1u] * value; }
    }
    if (i < 5u) { blurred += BINOMIAL[min(i, 4u)] * vec4f(line, 0.0, 0.0); }
    if (i > 0u) { blurred += BINOMIAL[max(i, 1u) - 1u] * vec4f(0.0, 0.0, line); }
  }

  var best = 0u;
  if (MAXIMUM == 1u) {
    for (var k = 1u; k < 4u; k++) { if (blurred[k] > blurred[best]) { best = k; } }
  }
  if (GRADIENT == 0u) { y[index] = blurred[best]; }
  else {
    for (var k = 0u; k < 4u; k++) {
      y[plane + (row + k / 2u) * columns + column + k % 2u] = select(0.0, dy[index], k == best);
    }
  }
}
