/** Threads of one workgroup, in every kernel: 64 x 1 is what all drivers get right. */
export const WORKGROUP = 64;

const ROW = 32768; // workgroups along x before y is used; adapters allow 65535 each way

/** The grid of a kernel with one thread an element, which finds its index as `(group.y * groups.x + group.x) * 64 + local`. */
export function linearGrid(threads: number): [number, number, number] {
  const groups = Math.ceil(threads / WORKGROUP);
  return groups <= ROW ? [groups, 1, 1] : [ROW, Math.ceil(groups / ROW), 1];
}
