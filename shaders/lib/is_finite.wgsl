// Tests the bits of the exponent, all of which are set in infinities and NaN: a compiler may assume that no value is NaN, remove
// comparisons with NaN, and drop one in `max`.
fn isFinite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}
