import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The adapter that Dawn opens on this machine, or why it opens none. */
export type Probe = { readonly adapter: string; readonly software: boolean } | { readonly refusal: string };

/** Asks Dawn for a device in a child process: what Dawn opens counts, not which driver files exist. */
export function probeAdapter(): Probe {
  const program = fileURLToPath(new URL('adapter-probe.ts', import.meta.url));
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', program], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (status !== 0) return { refusal: signal ? `Dawn was ended by ${signal}` : refusalIn(stderr) };
  const { name, software } = JSON.parse(stdout.trim().split('\n').pop()!);
  return { adapter: name, software };
}

/** The most telling line of Dawn's messages: a feature that a driver lacks, before a missing driver, before any error. */
export function refusalIn(messages: string): string {
  const lines = messages.split('\n').map((line) => line.replace(/^Warning: |\.\s*$/g, '').trim());
  return (
    lines.find((line) => /required$/.test(line)) ??
    lines.find((line) => /no drivers|Couldn't load Vulkan|libvulkan/i.test(line)) ??
    lines.find((line) => /Error: /.test(line)) ??
    'Dawn gave no reason'
  );
}
