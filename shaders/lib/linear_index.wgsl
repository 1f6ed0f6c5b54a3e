// The index of an invocation in a grid from `linearGrid` (src/ops/grid.ts).
struct Invocation {
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
}

fn linearIndex(at: Invocation) -> u32 {
  return (at.group.y * at.groups.x + at.group.x) * 64u + at.local;
}
