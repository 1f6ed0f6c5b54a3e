// One pass of a Stockham FFT along one axis: from transforms of `done` points each to transforms of RADIX * done points.
//   y[e + q * done] = sum over r of x[j + r * length / RADIX] * w^(r * (j mod done) * length / (done * RADIX)) * w^(r * q * length / RADIX)
// with w = exp(-2 pi i / length), e = (j / done) * done * RADIX + j mod done, for every j < length / RADIX (van Loan, section 1.7).
// x: (outer, length, inner) complex, or real if REAL   y: (outer, length, inner) complex, interleaved
// twiddles: (length) complex, the powers of w, made in float64 on the host; WGSL's own sin and cos are not precise enough
// grid: linear over outer * length / RADIX * inner
// #include "lib/linear_index.wgsl"
override RADIX: u32 = 2;
override REAL: u32 = 0;

struct Shape { outer: u32, length: u32, inner: u32, done: u32, direction: f32 } // direction 1: forward, -1: inverse
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> twiddles: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec2f>;

fn load(at: u32) -> vec2f {
  if (REAL == 1u) { return vec2f(x[at], 0.0); }
  return vec2f(x[2u * at], x[2u * at + 1u]);
}

fn turned(value: vec2f, power: u32) -> vec2f {
  let w = twiddles[power % shape.length];
  let s = shape.direction * w.y;
  return vec2f(value.x * w.x - value.y * s, value.x * s + value.y * w.x);
}

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let index = linearIndex(at);
  let step = shape.length / RADIX;
  if (index >= shape.outer * step * shape.inner) { return; }
  let lane = index % shape.inner;
  let j = index / shape.inner % step;
  let base = index / shape.inner / step * shape.length;
  let k = j % shape.done;

  var values: array<vec2f, RADIX>;
  // unroll
  for (var r = 0u; r < RADIX; r++) {
    values[r] = turned(load((base + j + r * step) * shape.inner + lane), r * k * (step / shape.done));
  }
  let first = base + j / shape.done * shape.done * RADIX + k;
  // unroll
  for (var q = 0u; q < RADIX; q++) {
    var sum = values[0];
    // unroll
    for (var r = 1u; r < RADIX; r++) { sum += turned(values[r], r * q * step); }
    y[(first + q * shape.done) * shape.inner + lane] = sum;
  }
}
