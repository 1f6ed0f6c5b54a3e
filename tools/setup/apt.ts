import { PyramidFlowError } from '../../src/core/errors';
import { candidateIn, debianMirror, hasRelease, mesaSource, type OsRelease } from './software-vulkan';
import { asRoot, output } from './system';

const PACKAGE = 'mesa-vulkan-drivers'; // lavapipe; brings the loader, libvulkan1
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const TARGETS = ['indextargets', '--format', '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)', 'Created-By: Packages'];
const PATIENCE = ['-o', 'Acquire::Retries=3', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0'];

export function isMesaInstalled(): boolean {
  return output('dpkg-query', ['-W', '-f', '${db:Status-Status}', PACKAGE]) === 'installed';
}

/** Installs Mesa's software Vulkan driver with apt, from backports where the system's own is too old for Dawn. */
export function installSoftwareVulkan(os: OsRelease): void {
  updateLists();
  const source = mesaSource(os, candidate(PACKAGE));
  if ('problem' in source) {
    throw new PyramidFlowError('DeviceError', source.problem, 'upgrade the system or install the driver of a GPU');
  }
  if (source.release) addRelease(os.codename, source.release);
  const target = source.release ? ['-t', source.release] : [];
  console.error(`setup: installing ${PACKAGE}${source.release ? ` from ${source.release}` : ''}`);
  if (installPackage(PACKAGE, target)) return;
  throw new PyramidFlowError('DeviceError', `apt-get could not install ${PACKAGE}`, 'see its messages above');
}

/** Installs a package without what it only recommends; false where apt-get fails, which has then said why. */
export function installPackage(name: string, options: readonly string[] = []): boolean {
  return apt('install', '-y', '--no-install-recommends', ...options, name);
}

/** The version that apt would install, or undefined where it knows none. */
export const candidate = (name: string): string | undefined => candidateIn(output('apt-cache', ['policy', name]));

function addRelease(codename: string, release: string): void {
  const targets = output('apt-get', TARGETS);
  if (hasRelease(targets, release)) return;
  const mirror = debianMirror(targets, codename);
  if (!mirror) {
    throw new PyramidFlowError(
      'DeviceError',
      `no apt source of Debian ${codename} main was found, so ${release} cannot be taken from the same mirror`,
      `add ${release} to the apt sources by hand`,
    );
  }
  const file = `/etc/apt/sources.list.d/${release}.list`;
  console.error(`setup: adding ${release} of ${mirror} as ${file}`);
  asRoot('tee', [file], `deb [signed-by=${KEYRING}] ${mirror} ${release} main\n`);
  updateLists();
}

/** An unreachable source of another party must not stop the setup; the next step shows what is missing. */
export function updateLists(): void {
  if (!apt('update')) console.error('setup: apt-get update had errors; continuing with what it could fetch');
}

function apt(...args: readonly string[]): boolean {
  return asRoot('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...PATIENCE, ...args]);
}
