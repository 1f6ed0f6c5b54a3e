// By its bits, of which the exponent's are all set in infinities and NaN: a driver may assume that no value is NaN, reason comparisons
// with those away, and skip one in `max`.
fn isFinite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}
