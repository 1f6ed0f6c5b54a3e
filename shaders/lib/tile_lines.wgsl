// The Fourier transform of a tile, one line per invocation: the lines of one direction, then, through workgroup memory, those of the
// other. The kernel declares TILE, 16 or 32.
// #include "lib/roots.wgsl"

const PAIRS = 64u / TILE; // of tiles, of a workgroup
const QUARTER = TILE / 4u;
const EIGHTS = TILE / 16u; // steps of 2 in a transform, and one

var<private> z: array<vec2f, TILE>;
var<private> spectrum: array<vec2f, TILE>; // of z, by frequency
var<workgroup> lines: array<vec2f, TILE * TILE * PAIRS>; // (TILE, TILE, PAIRS)

fn times(a: vec2f, b: vec2f) -> vec2f {
  return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

// spectrum becomes the discrete Fourier transform of z, by steps of 4, of 2 where TILE is 32, and of 4; z is overwritten.
fn fourier() {
  // unroll
  for (var j = 0u; j < QUARTER; j++) {
    let even = z[j] + z[j + 2u * QUARTER];
    let oddEven = z[j] - z[j + 2u * QUARTER];
    let odd = z[j + QUARTER] + z[j + 3u * QUARTER];
    let difference = z[j + QUARTER] - z[j + 3u * QUARTER];
    let turned = vec2f(difference.y, -difference.x);
    z[j] = even + odd;
    z[j + QUARTER] = times(oddEven + turned, ROOTS[j * 32u / TILE]);
    z[j + 2u * QUARTER] = times(even - odd, ROOTS[2u * j * 32u / TILE]);
    z[j + 3u * QUARTER] = times(oddEven - turned, ROOTS[3u * j * 32u / TILE]);
  }
  if (TILE == 32u) {
    // unroll
    for (var j = 0u; j < TILE / 2u; j++) {
      const at = j / 4u * 8u + j % 4u;
      let odd = z[at] - z[at + 4u];
      z[at] = z[at] + z[at + 4u];
      z[at + 4u] = times(odd, ROOTS[j % 4u * 4u]);
    }
  }
  // unroll
  for (var k = 0u; k < QUARTER; k++) {
    const f = k % EIGHTS * 4u + k / EIGHTS; // the first of four frequencies; the steps before left them in this order
    let even = z[4u * k] + z[4u * k + 2u];
    let oddEven = z[4u * k] - z[4u * k + 2u];
    let odd = z[4u * k + 1u] + z[4u * k + 3u];
    let difference = z[4u * k + 1u] - z[4u * k + 3u];
    let turned = vec2f(difference.y, -difference.x);
    spectrum[f] = even + odd;
    spectrum[f + QUARTER] = oddEven + turned;
    spectrum[f + 2u * QUARTER] = even - odd;
    spectrum[f + 3u * QUARTER] = oddEven - turned;
  }
}
