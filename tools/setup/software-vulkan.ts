/** What `/etc/os-release` says of a Linux system: its id, the ids it resembles, and its release name. */
export interface OsRelease {
  readonly id: string;
  readonly like: readonly string[];
  readonly codename: string;
  readonly name: string;
}

/** Where a package comes from: an apt release to ask for by name, or the system's default. */
export type Source = { readonly release?: string } | { readonly problem: string };

/**
 * The oldest Mesa relied on: Dawn opens lavapipe 23.2.1 (Ubuntu 22.04) and 25.0.7 (Debian 13, bookworm-backports), and
 * refuses 22.3.6 (Debian 12), which does not index arrays of buffers dynamically.
 */
export const MINIMUM_MESA = '23.2';

/** Releases whose own Mesa is too old, and the release of the same mirror that has a newer one. */
const BACKPORTS: Readonly<Record<string, string>> = { 'debian bookworm': 'bookworm-backports' };

/** Reads the KEY=value lines of an os-release file; values may be quoted. */
export function parseOsRelease(text: string): OsRelease {
  const pairs = text.matchAll(/^([A-Z_]+)=(["']?)(.*?)\2\s*$/gm);
  const fields = new Map(Array.from(pairs, ([, key, , value]) => [key, value]));
  const id = fields.get('ID') ?? 'linux';
  return {
    id,
    like: (fields.get('ID_LIKE') ?? '').split(/\s+/).filter(Boolean),
    codename: fields.get('VERSION_CODENAME') ?? '',
    name: fields.get('PRETTY_NAME') ?? id,
  };
}

/** Whether packages of this system come by apt from Debian's or Ubuntu's archives. */
export function usesApt(os: OsRelease): boolean {
  return [os.id, ...os.like].some((id) => id === 'debian' || id === 'ubuntu');
}

/** Whether a Debian package version (epoch and revision allowed) is at least `minimum`, by major and minor number. */
export function atLeast(version: string, minimum: string): boolean {
  const [major, minor] = majorMinor(version);
  const [wantedMajor, wantedMinor] = majorMinor(minimum);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function majorMinor(version: string): [number, number] {
  const [, major, minor] = /^(?:\d+:)?(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  return [Number(major ?? -1), Number(minor ?? 0)];
}

/** The version `apt-cache policy` would install, or undefined where it knows none. */
export function candidateIn(policy: string): string | undefined {
  const version = /^\s*Candidate:\s*(\S+)/m.exec(policy)?.[1];
  return version === '(none)' ? undefined : version;
}

/** Where to take mesa-vulkan-drivers from, given the candidate version of the system's own sources. */
export function mesaSource(os: OsRelease, candidate: string | undefined): Source {
  if (candidate !== undefined && atLeast(candidate, MINIMUM_MESA)) return {};
  const release = BACKPORTS[`${os.id} ${os.codename}`];
  if (release) return { release };
  const offer = candidate ? `only mesa-vulkan-drivers ${candidate}` : 'no mesa-vulkan-drivers';
  return { problem: `${os.name} offers ${offer}; ${MINIMUM_MESA} or newer is needed` };
}

/**
 * The mirror that serves a Debian release's main component, from lines `uri|release|component|origin` of
 * `apt-get indextargets`: a machine behind a mirror or proxy keeps using it.
 */
export function debianMirror(targets: string, release: string): string | undefined {
  const rows = targets.split('\n').map((line) => line.split('|'));
  return rows.find(([, name, part, origin]) => name === release && part === 'main' && origin === 'Debian')?.[0];
}

/** Whether a release is among the sources already, in the same lines. */
export function hasRelease(targets: string, release: string): boolean {
  return targets.split('\n').some((line) => line.split('|')[1] === release);
}
