import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { transform } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { serve } from '../tools/support/server';
import { TestBrowser } from './support/browser';
import { anchorsIn, type Block, inlineCodeIn, linksIn, parseMarkdown } from './support/markdown';
import { ReadmeProject } from './support/readme-project';
import { CommandCheck, commandsIn } from './support/shell';

// Every Markdown file of the repository: its code runs, its commands exist, its links lead somewhere. A block that cannot
// run says so in the line above it: <!-- not run: WHY -->. test/support/readme-project.ts has what the code may use.

const project = await ReadmeProject.create();
const check = new CommandCheck(project.help);
const browser = await TestBrowser.launch();
const server = await serve({ page: project.path('page') });

test.after(async () => {
  await server.close();
  await browser.close();
});

const git = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];
const names = execFileSync('git', git, { encoding: 'utf8' })
  .split('\n')
  .filter((name) => name && existsSync(name));
const documents = new Map(names.map((name) => [name, parseMarkdown(readFileSync(name, 'utf8'))]));

/** How a block of each language is held to what it says. Other languages are for reading alone. */
const RUNNERS: Readonly<Record<string, (block: Block, name: string) => Promise<void> | void>> = {
  js: runScript,
  ts: runScript,
  sh: runCommands,
  json: ({ code }) => void JSON.parse(code),
};
const ALIASES: Readonly<Record<string, string>> = { javascript: 'js', mjs: 'js', typescript: 'ts', bash: 'sh', shell: 'sh' };
const PROSE = ['', 'text'];

for (const [file, { blocks }] of documents) {
  for (const block of blocks) {
    const place = `${file}:${block.line}`;
    if (block.notRun) console.log(`note: ${place} is not run: ${block.notRun}`);
    else test(`${place} ${block.language}`, () => runBlock(block, place.replace(/\W/g, '-')));
  }
}

async function runBlock(block: Block, name: string): Promise<void> {
  const language = ALIASES[block.language] ?? block.language;
  if (PROSE.includes(language)) {
    const commands = commandsIn(block.code).filter(([program]) => ['npm', 'npx', 'node', 'pyramidflow'].includes(program));
    return assert.equal(commands, [], 'commands stand in a block of the language sh');
  }
  assert.ok(RUNNERS[language], `${language} is not run: say why by <!-- not run: WHY --> on the line above`);
  await RUNNERS[language](block, name);
}

async function runScript({ code }: Block, name: string): Promise<void> {
  const { code: script } = await transform(code, { loader: 'ts', format: 'esm', target: 'es2022' });
  if (!/['"](?:pyramidflow\/web|\.\/web\.js)['"]/.test(code)) return project.runModule(`${name}.mjs`, script);
  project.write(`page/${name}.js`, script.replace(/(['"])pyramidflow\/web\1/g, "'./web.js'"));
  await browser.visit(`${server.url}/page/`, (page) => page.evaluate(runInPage, `./${name}.js`));
}

/** Gives a page's script a video that plays and `goodImages`, then runs it to its end. */
async function runInPage(path: string): Promise<void> {
  const video = document.querySelector('video')!;
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
  await video.play();
  const names = Array.from({ length: 6 }, (_, i) => `good/00${i}.png`);
  const goodImages = await Promise.all(names.map(async (name) => (await fetch(name)).blob()));
  Object.assign(globalThis, { goodImages });
  await import(new URL(path, location.href).href);
}

function runCommands({ code }: Block): void {
  const commands = commandsIn(code);
  assert.equal(
    commands.flatMap((words) => check.fault(words) ?? []),
    [],
  );
  for (const words of commands) project.runCommand(words);
}

for (const [file, document] of documents) {
  test(`${file}: commands in its text exist`, () => {
    const faults = inlineCodeIn(document)
      .filter(({ text }) => /^(?:npm|npx|pyramidflow) /.test(text))
      .flatMap(({ text, line }) =>
        commandsIn(text).flatMap((words) => {
          const fault = check.fault(words);
          return fault ? [`line ${line}: ${fault}`] : [];
        }),
      );
    assert.equal(faults, []);
  });

  test(`${file}: its links lead somewhere, and to no registry of packages`, () => {
    const faults = linksIn(document).flatMap(({ text, line }) => {
      const fault = linkFault(file, text);
      return fault ? [`line ${line}: ${fault}`] : [];
    });
    assert.equal(faults, []);
  });
}

function linkFault(file: string, link: string): string | undefined {
  if (/npmjs\.(com|org)/.test(link)) return `${link} is a registry of packages`;
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path, anchor] = link.split('#');
  const target = path ? posix.join(posix.dirname(file), decodeURI(path)) : file;
  if (!existsSync(target)) return `${link}: there is no ${target}`;
  const known = documents.get(target) ?? documents.get(posix.join(target, 'README.md'));
  return anchor && known && !anchorsIn(known).has(anchor) ? `${link}: ${target} has no such heading` : undefined;
}

test.run();
