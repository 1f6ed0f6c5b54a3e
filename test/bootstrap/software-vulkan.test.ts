import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  atLeast,
  candidateIn,
  debianMirror,
  hasRelease,
  mesaSource,
  parseOsRelease,
  usesApt,
} from '../../tools/setup/software-vulkan';

const BOOKWORM = parseOsRelease(`PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION_CODENAME=bookworm
ID=debian
`);
const UBUNTU = parseOsRelease(`PRETTY_NAME="Ubuntu 22.04.5 LTS"
VERSION_CODENAME=jammy
ID=ubuntu
ID_LIKE=debian
UBUNTU_CODENAME=jammy
`);

test('os-release is read with and without quotes', () => {
  assert.equal(BOOKWORM, { id: 'debian', like: [], codename: 'bookworm', name: 'Debian GNU/Linux 12 (bookworm)' });
  assert.equal(UBUNTU, { id: 'ubuntu', like: ['debian'], codename: 'jammy', name: 'Ubuntu 22.04.5 LTS' });
  const mint = parseOsRelease(`# a comment\nID='linuxmint'\nID_LIKE="ubuntu debian"\n`);
  assert.equal(mint, { id: 'linuxmint', like: ['ubuntu', 'debian'], codename: '', name: 'linuxmint' });
  assert.equal(parseOsRelease(''), { id: 'linux', like: [], codename: '', name: 'linux' });
});

for (const [ids, apt] of [
  ['ID=debian', true],
  ['ID=ubuntu', true],
  ['ID=linuxmint\nID_LIKE="ubuntu debian"', true],
  ['ID=fedora', false],
  ['ID=rocky\nID_LIKE="rhel centos fedora"', false],
  ['ID=alpine', false],
] as const) {
  test(`${ids.replace('\n', ' ')} ${apt ? 'has' : 'has not'} apt`, () => assert.is(usesApt(parseOsRelease(ids)), apt));
}

for (const [version, minimum, expected] of [
  ['22.3.6-1+deb12u2', '23.2', false],
  ['23.1.9-1ubuntu1', '23.2', false],
  ['23.2.1-1ubuntu3.1~22.04.4', '23.2', true],
  ['23.10.0-1', '23.2', true], // numbers, not digits
  ['24.0.5-1ubuntu1', '23.2', true],
  ['25.0.7-2~bpo12+1', '23.2', true],
  ['1:23.2.0-1', '23.2', true],
  ['1:22.9-1', '23.2', false],
  ['24', '23.2', true],
  ['23', '23.2', false],
  ['unknown', '23.2', false],
] as const) {
  test(`${version} is ${expected ? '' : 'not '}at least ${minimum}`, () => {
    assert.is(atLeast(version, minimum), expected);
  });
}

test('the candidate of apt-cache policy is read, and (none) is none', () => {
  const policy = 'mesa-vulkan-drivers:\n  Installed: 20.1\n  Candidate: 22.3.6-1+deb12u2\n  Version table:\n';
  assert.is(candidateIn(policy), '22.3.6-1+deb12u2');
  assert.is(candidateIn('mesa-vulkan-drivers:\n  Installed: (none)\n  Candidate: (none)\n'), undefined);
  assert.is(candidateIn(''), undefined);
});

test('Mesa comes from the system where it is new enough, on Debian 12 from backports', () => {
  assert.equal(mesaSource(BOOKWORM, '22.3.6-1+deb12u2'), { release: 'bookworm-backports' });
  assert.equal(mesaSource(BOOKWORM, '25.0.7-2~bpo12+1'), {}, 'backports chosen by the owner of the machine');
  assert.equal(mesaSource(UBUNTU, '23.2.1-1ubuntu3.1~22.04.4'), {});
});

test('a system without a new enough Mesa is refused with what it offers', () => {
  assert.equal(mesaSource(UBUNTU, '22.0.1-1ubuntu2'), {
    problem: 'Ubuntu 22.04.5 LTS offers only mesa-vulkan-drivers 22.0.1-1ubuntu2; 23.2 or newer is needed',
  });
  assert.match((mesaSource(UBUNTU, undefined) as { problem: string }).problem, 'offers no mesa-vulkan-drivers;');
});

const TARGETS = `https://packages.example.com/debian/12/|bookworm|main|vendor bookworm
http://mirror.example.net/debian-security/|bookworm-security|main|Debian
http://mirror.example.net/debian/|bookworm-updates|main|Debian
http://mirror.example.net/debian/|bookworm|contrib|Debian
http://mirror.example.net/debian/|bookworm|main|Debian
`;

test('the mirror is the one that serves Debian main, not a vendor of the same release name', () => {
  assert.is(debianMirror(TARGETS, 'bookworm'), 'http://mirror.example.net/debian/');
  assert.is(debianMirror(TARGETS, 'trixie'), undefined);
  assert.is(debianMirror('', 'bookworm'), undefined);
});

test('a release counts as present by its exact name', () => {
  assert.is(hasRelease(TARGETS, 'bookworm-updates'), true);
  assert.is(hasRelease(TARGETS, 'bookworm-backports'), false);
  assert.is(hasRelease(TARGETS, 'main'), false);
});

test.run();
