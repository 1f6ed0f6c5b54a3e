// y = keep * fine + sign * blur(nearest(coarse)), where nearest enlarges twice and blur pads with zeros: one step of composing
// a Laplacian pyramid (sign 1), of decomposing one (sign -1), or the enlargement alone (keep 0).
// coarse: (planes, height, width)   fine, y: (planes, 2 * height, 2 * width)
// grid: linear over planes * 4 * height * width
// #include "lib/linear_index.wgsl"
struct Shape { planes: u32, height: u32, width: u32, keep: f32, sign: f32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> coarse: array<f32>;
@group(0) @binding(2) var<storage, read> fine: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

// Five binomial taps over doubled pixels are three over the pixels themselves; odd positions see them the other way round.
const TAPS = vec3f(5.0 / 16.0, 10.0 / 16.0, 1.0 / 16.0);

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let index = linearIndex(at);
  let pixels = 4u * shape.height * shape.width;
  if (index >= shape.planes * pixels) { return; }
  let row = index % pixels / (2u * shape.width);
  let column = index % (2u * shape.width);
  let plane = index / pixels * shape.height * shape.width;
  let rowTaps = select(TAPS, TAPS.zyx, row % 2u == 1u);
  let columnTaps = select(TAPS, TAPS.zyx, column % 2u == 1u);

  var sum = 0.0;
  // unroll
  for (var i = 0u; i < 3u; i++) {
    let r = row / 2u + i - 1u; // wraps below zero, and is then too large
    var line = 0.0;
    // unroll
    for (var j = 0u; j < 3u; j++) {
      let c = column / 2u + j - 1u;
      let inside = r < shape.height && c < shape.width;
      line += columnTaps[j] * select(0.0, coarse[select(0u, plane + r * shape.width + c, inside)], inside);
    }
    sum += rowTaps[i] * line;
  }
  var value = shape.sign * sum;
  if (shape.keep != 0.0) { value += shape.keep * fine[index]; }
  y[index] = value;
}
