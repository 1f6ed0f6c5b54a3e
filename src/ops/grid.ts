/** Invocations in a workgroup of every kernel: all drivers run 64 x 1 well. */
export const WORKGROUP = 64;

const ROW = 32768; // workgroups along x before y is used; every adapter allows 65535 each way

/** The grid of a kernel with one invocation per element, whose index comes from shaders/lib/linear_index.wgsl. */
export function linearGrid(invocations: number): [number, number, number] {
  const groups = Math.ceil(invocations / WORKGROUP);
  return groups <= ROW ? [groups, 1, 1] : [ROW, Math.ceil(groups / ROW), 1];
}

/** The grid of a kernel with one invocation per pixel of a row along x, the rows along y, and the channels along z. */
export function rowGrid(
  { shape: [, , height, width] }: { shape: readonly number[] },
  channels: number,
): [number, number, number] {
  return [Math.ceil(width! / WORKGROUP), height!, channels];
}

/** The grid of a kernel with one invocation per pixel of a plane along x, and the planes along y and z. */
export function planeGrid(pixels: number, y: number, z = 1): [number, number, number] {
  return [Math.ceil(pixels / WORKGROUP), y, z];
}
