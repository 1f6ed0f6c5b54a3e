// Adam with L2 decay and clipping by the global norm (Kingma and Ba, algorithm 1; PyTorch's clip_grad_norm_), in place:
//   g = min(1, maxNorm / (norm + 1e-6)) * gradient + decay * value
//   first = beta1 * first + (1 - beta1) * g        second = beta2 * second + (1 - beta2) * g^2
//   value -= rate / (1 - beta1^t) * first / (sqrt(second / (1 - beta2^t)) + epsilon)
// If the norm is not finite, nothing changes, so that the failed step can be examined.
// value, gradient, first, second: (size)   squaredNorm: (1)   step: (2) = 1 - beta1^t, 1 - beta2^t, which change every step
// grid: linear over size
// #include "lib/is_finite.wgsl"
// #include "lib/linear_index.wgsl"
struct Settings { size: u32, rate: f32, beta1: f32, beta2: f32, epsilon: f32, decay: f32, maxNorm: f32 }
@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read_write> value: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> first: array<f32>;
@group(0) @binding(4) var<storage, read_write> second: array<f32>;
@group(0) @binding(5) var<storage, read> squaredNorm: array<f32>;
@group(0) @binding(6) var<storage, read> step: array<f32>;

@compute @workgroup_size(64)
fn main(at: Invocation) {
  let i = linearIndex(at);
  if (i >= settings.size) { return; }
  if (!isFinite(squaredNorm[0])) { return; }
  let clip = min(1.0, settings.maxNorm / (sqrt(squaredNorm[0]) + 1e-6));
  let g = clip * gradient[i] + settings.decay * value[i];
  let m = settings.beta1 * first[i] + (1.0 - settings.beta1) * g;
  let v = settings.beta2 * second[i] + (1.0 - settings.beta2) * g * g;
  first[i] = m;
  second[i] = v;
  value[i] -= settings.rate / step[0] * m / (sqrt(v / step[1]) + settings.epsilon);
}
