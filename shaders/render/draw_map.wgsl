// Draws a map as colours over the whole target, alone or blended over an image; the same colours as src/image/heat-map.ts.
// values: (mapHeight, mapWidth), enlarged bilinearly   colors: RGB in a u32, red lowest, dark to light
// One triangle covers the target.
struct View {
  width: f32, // of the target, in pixels
  height: f32,
  mapWidth: u32,
  mapHeight: u32,
  low: f32, // values that take the first and the last colour
  high: f32,
  overlay: u32, // 1: over the image
  opacity: f32, // of the last colour over the image
  clear: f32, // share of the scale, from its low end, that leaves the image clear
  contour: u32, // 1: a white line around what exceeds the threshold
  threshold: f32,
}
@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read> colors: array<u32>;
@group(0) @binding(3) var image: texture_2d<f32>;
@group(0) @binding(4) var linear: sampler;

const WHITE = vec3f(1.0);
const MOST_TAPS = 8.0;

@vertex
fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
  return vec4f(f32(i & 1u) * 4.0 - 1.0, f32(i >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment
fn color(@builtin(position) position: vec4f) -> @location(0) vec4f {
  let at = position.xy;
  let value = value_at(at);
  if (view.contour == 1u && value > view.threshold && is_border(at)) { return vec4f(WHITE, 1.0); }
  let part = (value - view.low) / (view.high - view.low);
  let entry = colors[u32(clamp(floor(part * f32(arrayLength(&colors))), 0.0, f32(arrayLength(&colors) - 1u)))];
  let heat = unpack4x8unorm(entry).rgb;
  if (view.overlay == 0u) { return vec4f(heat, 1.0); }
  let share = view.opacity * clamp((part - view.clear) / (1.0 - view.clear), 0.0, 1.0);
  return vec4f(mix(image_at(at), heat, share), 1.0);
}

// Whether one of the four neighbours does not exceed the threshold. The edge of the target counts as no border.
fn is_border(at: vec2f) -> bool {
  return (at.x > 1.0 && !(value_at(at - vec2f(1.0, 0.0)) > view.threshold))
    || (at.x < view.width - 1.0 && !(value_at(at + vec2f(1.0, 0.0)) > view.threshold))
    || (at.y > 1.0 && !(value_at(at - vec2f(0.0, 1.0)) > view.threshold))
    || (at.y < view.height - 1.0 && !(value_at(at + vec2f(0.0, 1.0)) > view.threshold));
}

// The map under a point of the target, pixel centres aligned.
fn value_at(at: vec2f) -> f32 {
  let last = vec2f(f32(view.mapWidth), f32(view.mapHeight)) - 1.0;
  let place = clamp(at / vec2f(view.width, view.height) * (last + 1.0) - 0.5, vec2f(0.0), last);
  let first = floor(place);
  let share = place - first;
  let a = vec2u(first);
  let b = vec2u(min(first + 1.0, last));
  let top = mix(values[a.y * view.mapWidth + a.x], values[a.y * view.mapWidth + b.x], share.x);
  let bottom = mix(values[b.y * view.mapWidth + a.x], values[b.y * view.mapWidth + b.x], share.x);
  return mix(top, bottom, share.y);
}

// The image under a pixel of the target: the mean over the pixel where the image is finer.
fn image_at(at: vec2f) -> vec3f {
  let target_size = vec2f(view.width, view.height);
  let taps = clamp(ceil(vec2f(textureDimensions(image)) / target_size / 2.0), vec2f(1.0), vec2f(MOST_TAPS));
  var sum = vec3f(0.0);
  for (var y = 0.0; y < taps.y; y += 1.0) {
    for (var x = 0.0; x < taps.x; x += 1.0) {
      let place = floor(at) + (vec2f(x, y) + 0.5) / taps;
      sum += textureSampleLevel(image, linear, place / target_size, 0.0).rgb;
    }
  }
  return sum / (taps.x * taps.y);
}
