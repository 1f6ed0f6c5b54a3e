import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { anchorsIn, inlineCodeIn, linksIn, parseMarkdown } from '../support/markdown';
import { CommandCheck, commandsIn } from '../support/shell';

const TEXT = `# One: \`two\` [three](a.md)
## Again
## Again
<!-- not run: it is an example -->
~~~sh
[no](link)
~~~
  \`\`\`JS
  a();
  \`\`\`
\`npm test\` ![image](<b.png>) <https://example.org> \`[no](link)\``;

test('blocks, their languages and reasons, links, inline code and anchors are found', () => {
  const document = parseMarkdown(TEXT);
  assert.equal(document.blocks, [
    { language: 'sh', code: '[no](link)', line: 5, notRun: 'it is an example' },
    { language: 'js', code: 'a();', line: 8, notRun: undefined },
  ]);
  assert.equal(
    linksIn(document).map(({ text, line }) => [text, line]),
    [
      ['a.md', 1],
      ['b.png', 11],
      ['https://example.org', 11],
    ],
  );
  assert.equal(
    inlineCodeIn(document).map(({ text }) => text),
    ['two', 'npm test', '[no](link)'],
  );
  assert.equal([...anchorsIn(document)], ['one-two-three', 'again', 'again-1']);
  assert.throws(() => parseMarkdown('```js\na();'), /no end/);
});

test('a script is split into commands and words', () => {
  const script = '$ a "b c" \\\n  --d # e\nF=1 g && h | i; # j\n\n# k';
  assert.equal(commandsIn(script), [['a', 'b c', '--d'], ['g'], ['h'], ['i']]);
});

const HELP: Readonly<Record<string, string>> = {
  '': 'Options:\n  -V, --version',
  train: 'Options:\n  --data <dir>  where\n',
};
const check = new CommandCheck((command = '') => HELP[command]);

for (const [command, fault] of [
  ['npm run build', undefined],
  ['npm run biuld', /no npm script/],
  ['npm run fuzz -- --seconds 60 --seed 1', undefined],
  ['npm run fuzz -- --second 60', /no option --second/],
  ['npm run fuzz --seconds 60', /-- before/],
  ['npm run bench -- --quick', undefined],
  ['npm run bench -- step --quick', /no option --quick/],
  ['npm run bench -- steps', /no benchmark/],
  ['npm test -- ops/blur', undefined],
  ['npm test -- ops/blurr', /no test/],
  ['node examples/train.mjs FOLDER', undefined],
  ['node examples/trian.mjs FOLDER', /no file/],
  ['pyramidflow --version', undefined],
  ['npx pyramidflow train --data x', undefined],
  ['pyramidflow train --dat x', /no option --dat/],
  ['pyramidflow trian', /no command/],
  ['pyramidfolw train', /not a command/],
] as const) {
  test(`'${command}' is ${fault ? 'a mistake' : 'right'}`, () => {
    const found = check.fault(command.split(' '));
    if (fault) assert.match(found ?? '', fault);
    else assert.is(found, undefined);
  });
}

test.run();
