/** Threads of one workgroup, in every kernel: 64 x 1 is what all drivers get right. */
export const WORKGROUP = 64;

const ROW = 32768; // workgroups along x before y is used; adapters allow 65535 each way

/** The grid of a kernel with one thread an element, which finds its index by shaders/lib/linear_index.wgsl. */
export function linearGrid(threads: number): [number, number, number] {
  const groups = Math.ceil(threads / WORKGROUP);
  return groups <= ROW ? [groups, 1, 1] : [ROW, Math.ceil(groups / ROW), 1];
}

/** The grid of a kernel with one thread a pixel along x, one workgroup a row along y and a channel along z. */
export function rowGrid(
  { shape: [, , height, width] }: { shape: readonly number[] },
  channels: number,
): [number, number, number] {
  return [Math.ceil(width / WORKGROUP), height, channels];
}

/** The grid of a kernel with one thread a pixel of a plane along x, and the planes along y and z. */
export function planeGrid(pixels: number, y: number, z = 1): [number, number, number] {
  return [Math.ceil(pixels / WORKGROUP), y, z];
}
