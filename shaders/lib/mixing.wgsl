// The diagonal of the LU factors of a mixing. The kernel binds logS and sign, and declares SIZE.

fn meanLogS() -> f32 {
  var mean = 0.0;
  for (var k = 0u; k < SIZE; k++) { mean += logS[k] / f32(SIZE); }
  return mean;
}

// Element (k, k) of U.
fn diagonal(k: u32, mean: f32) -> f32 {
  return sign[k] * exp(logS[k] - mean);
}
