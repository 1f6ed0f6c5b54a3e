import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { aptFault, browserCandidates, browserFault, searchBrowser } from '../../tools/setup/browser';
import { parseOsRelease } from '../../tools/setup/software-vulkan';
import { temporaryFolder } from '../support/temporary';

test('on Linux the browsers of PATH are tried, chromium in every folder first', () => {
  const { programs, variable } = browserCandidates('linux', { PATH: '/usr/local/bin::/usr/bin' });
  assert.equal(programs.slice(0, 3), [
    '/usr/local/bin/chromium',
    '/usr/bin/chromium',
    '/usr/local/bin/google-chrome-stable',
  ]);
  assert.is(variable, undefined);
  assert.equal(browserCandidates('linux', {}).programs, []);
});

test('elsewhere the usual places are tried', () => {
  assert.match(browserCandidates('darwin', { PATH: '/usr/bin' }).programs[0], /^\/Applications\/Google Chrome\.app\//);
  assert.match(browserCandidates('win32', {}).programs[0], /chrome\.exe$/);
  assert.equal(browserCandidates('aix', { PATH: '/usr/bin' }).programs, []);
});

test('a variable that names a browser is the only candidate, and an empty one is ignored', () => {
  const both = { PATH: '/usr/bin', CHROME_PATH: '/b', PUPPETEER_EXECUTABLE_PATH: '/a' };
  assert.equal(browserCandidates('linux', both), { programs: ['/a'], variable: 'PUPPETEER_EXECUTABLE_PATH' });
  const one = { PATH: '/usr/bin', CHROME_PATH: '/b', PUPPETEER_EXECUTABLE_PATH: '' };
  assert.equal(browserCandidates('darwin', one), { programs: ['/b'], variable: 'CHROME_PATH' });
});

for (const [answer, fault] of [
  ['Chromium 156.0.8078.79 built on Debian GNU/Linux 12 (bookworm)\n', undefined],
  ['Google Chrome 130.0.6723.58 \n', undefined],
  ['Google Chrome for Testing 131.0.6778.204 \n', undefined],
  ['Chromium 112.0.5615.138 built on Debian GNU/Linux 11 (bullseye)\n', /Chromium 112.*newer is needed/],
  ['Mozilla Firefox 132.0\n', /'Mozilla Firefox 132.0'/],
  ['', /--version.*''/],
] as const) {
  test(`'${answer.trim()}' is ${fault ? 'no' : 'a'} browser to drive`, () => {
    const found = browserFault(answer);
    if (fault) assert.match(found!, fault);
    else assert.is(found, undefined);
  });
}

const UBUNTU = parseOsRelease('ID=ubuntu\nID_LIKE=debian\nPRETTY_NAME="Ubuntu 24.04 LTS"\n');
const DEBIAN = parseOsRelease('ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n');

test("Debian's chromium is a browser, Ubuntu's a stub for a snap", () => {
  assert.is(aptFault(DEBIAN, '156.0.8078.79-1~deb12u1'), undefined);
  assert.match(aptFault(UBUNTU, '2:1snap1-0ubuntu2')!, 'of Ubuntu 24.04 LTS (2:1snap1-0ubuntu2) is only a stub');
  assert.match(aptFault(UBUNTU, undefined)!, 'Ubuntu 24.04 LTS offers no chromium by apt');
});

type Failure = Exclude<ReturnType<typeof searchBrowser>, { program: string }>;

/** What a search finds with these variables alone. */
function searchWith(variables: Record<string, string>): ReturnType<typeof searchBrowser> {
  const before = { ...process.env };
  for (const name of ['PUPPETEER_EXECUTABLE_PATH', 'CHROME_PATH']) delete process.env[name];
  Object.assign(process.env, variables);
  try {
    return searchBrowser();
  } finally {
    for (const name of ['PUPPETEER_EXECUTABLE_PATH', 'CHROME_PATH', 'PATH']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

function program(folder: string, name: string, script: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

if (process.platform === 'linux') {
  test('a stub is passed over, and what runs is taken', () => {
    const folder = temporaryFolder();
    program(folder, 'chromium', 'echo "requires the chromium snap to be installed" >&2; exit 1');
    const working = program(folder, 'chromium-browser', 'echo "Chromium 140.0.1.2 for tests"');
    assert.equal(searchWith({ PATH: folder }), { program: working });
  });

  test('where none runs, the search says what was tried and why it will not do', () => {
    const folder = temporaryFolder();
    program(folder, 'chromium', 'echo "requires the chromium snap to be installed" >&2; exit 1');
    const { problem, remedy, chosen } = searchWith({ PATH: folder }) as Failure;
    assert.match(problem, `${folder}/chromium: it ends with 1: requires the chromium snap`);
    assert.match(remedy, 'PUPPETEER_EXECUTABLE_PATH');
    assert.is(chosen, false);
  });

  test('a named browser that does not work is refused, whatever else there is', () => {
    const { problem, chosen } = searchWith({ CHROME_PATH: '/nowhere/chrome' }) as Failure;
    assert.is(problem, 'CHROME_PATH names /nowhere/chrome: the file does not exist');
    assert.is(chosen, true);
  });
}

test.run();
