// One of each frequency f and -f of a TILE x TILE transform: from row 0 its first half, then rows 1 to TILE / 2. The kernel declares
// TILE. A frequency (u, v) is u * TILE + v.
const HALF = TILE * TILE / 2u + 2u; // how many there are

fn frequency(half: u32) -> u32 {
  return select(half + TILE / 2u - 1u, half, half <= TILE / 2u);
}

fn negative(f: u32) -> u32 {
  return (TILE - f / TILE) % TILE * TILE + (TILE - f % TILE) % TILE;
}
