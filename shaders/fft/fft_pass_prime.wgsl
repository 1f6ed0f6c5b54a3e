// The pass of fft_pass for a prime radix above 7, where an invocation makes one value:
//   y[b * done * radix + q * done + k] = sum over r of x[b * done + k + r * length / radix] * w^(r * (k * length / (done * radix) + q * length / radix))
// with w = exp(-2 pi i / length), k < done and q < radix. Sums of 32 terms are added up, which keeps the rounding errors small.
// x: (outer, length, inner) complex, or real if REAL   y: (outer, length, inner) complex, interleaved
// twiddles: (length) complex, the powers of w
// grid: linear over outer * length * inner
// #include "lib/linear_index.wgsl"
override REAL: u32 = 0;

struct Shape { outer: u32, length: u32, inner: u32, done: u32, radix: u32, direction: f32 } // direction 1: forward, -1: inverse
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> twiddles: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec2f>;

fn load(at: u32) -> vec2f {
  if (REAL == 1u) { return vec2f(x[at], 0.0); }
  return vec2f(x[2u * at], x[2u * at + 1u]);
}

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let index = linearIndex(at);
  if (index >= shape.outer * shape.length * shape.inner) { return; }
  let lane = index % shape.inner;
  let point = index / shape.inner % shape.length;
  let line = index / shape.inner / shape.length * shape.length;
  let step = shape.length / shape.radix;
  let k = point % shape.done;
  let q = point / shape.done % shape.radix;
  let first = line + point / shape.done / shape.radix * shape.done + k;
  let turn = (k * (step / shape.done) + q * step) % shape.length;

  var total = vec2f();
  var power = 0u; // r * turn, modulo length
  for (var start = 0u; start < shape.radix; start += 32u) {
    var sum = vec2f();
    for (var r = start; r < min(start + 32u, shape.radix); r++) {
      let value = load((first + r * step) * shape.inner + lane);
      let w = twiddles[power];
      let s = shape.direction * w.y;
      sum += vec2f(value.x * w.x - value.y * s, value.x * s + value.y * w.x);
      power = (power + turn) % shape.length;
    }
    total += sum;
  }
  y[index] = total;
}
