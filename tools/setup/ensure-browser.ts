import { readFileSync } from 'node:fs';
import { PyramidFlowError } from '../../src/core/errors';
import { candidate, installPackage, updateLists } from './apt';
import { aptFault, findBrowser, searchBrowser } from './browser';
import { parseOsRelease, usesApt } from './software-vulkan';
import { canBeRoot } from './system';

/**
 * Makes sure that the tests have a browser, and installs Debian's chromium where there is none. Throws UsageError that
 * says what to do.
 */
export function ensureBrowser(): void {
  const found = searchBrowser();
  if (!('program' in found)) install(found.problem, found.remedy, found.chosen);
  console.error(`setup: ready, ${findBrowser()}`);
}

function install(problem: string, remedy: string, chosen: boolean): void {
  if (chosen || process.platform !== 'linux') throw noBrowser(problem, remedy);
  const os = parseOsRelease(readFileSync('/etc/os-release', 'utf8'));
  if (!usesApt(os)) throw noBrowser(problem, remedy);
  if (!canBeRoot()) throw noBrowser(problem, `run \`npm run setup\` once as root, or ${remedy}`);
  console.error(`setup: ${problem}`);
  updateLists();
  const fault = aptFault(os, candidate('chromium'));
  if (fault) throw noBrowser(`${problem}; ${fault}`, remedy);
  console.error('setup: installing chromium');
  if (!installPackage('chromium')) throw noBrowser('apt-get could not install chromium', 'see its messages above');
}

const noBrowser = (problem: string, remedy: string) => new PyramidFlowError('UsageError', problem, remedy);
