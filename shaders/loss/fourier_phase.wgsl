// magnitude = |spectrum|, and the spectrum becomes spectrum / |spectrum|, the derivative of its magnitude; 0 stays 0.
// spectrum: (size) complex   magnitude: (size)
// grid: linear over size
// #include "lib/linear_index.wgsl"
struct Shape { size: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read_write> spectrum: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> magnitude: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i >= shape.size) { return; }
  let value = spectrum[i];
  let largest = max(abs(value.x), abs(value.y)); // factored out, so that squares neither overflow nor underflow
  if (largest == 0.0) {
    magnitude[i] = 0.0;
    return;
  }
  let scaled = value / largest;
  let norm = sqrt(dot(scaled, scaled));
  magnitude[i] = largest * norm;
  spectrum[i] = scaled / norm;
}
