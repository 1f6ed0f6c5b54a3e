import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { manifest } from './package';

/** The commands of a shell script, each as its words: without comments, prompts and variables that are set for them. */
export function commandsIn(script: string): string[][] {
  return script
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((line) => line.replace(/(^|\s)#.*$/, '').split(/&&|\|\||[;|]/))
    .map((command) =>
      command
        .trim()
        .replace(/^\$\s+/, '')
        .replace(/^(?:\w+=\S*\s+)+/, ''),
    )
    .filter(Boolean)
    .map((command) =>
      Array.from(
        command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g),
        (match) => match.slice(1).find((word) => word !== undefined)!,
      ),
    );
}

/** Commands that every system has, or git and npm themselves: nothing of this repository can be misspelt in them. */
const KNOWN = ['cd', 'git', 'ls', 'mkdir', 'npm ci', 'npm install', 'npm link', 'npm pack'];

/** Where the options of an npm script are written down. */
const SCRIPT_SOURCES: Readonly<Record<string, string>> = {
  fuzz: 'tools/fuzz/run.ts',
  build: 'tools/build.ts',
  test: 'tools/test.ts',
};

/** Looks commands up: scripts, programs, subcommands, options and files, without running them. */
export class CommandCheck {
  /** @param help what `pyramidflow`, or one of its commands, prints for --help; undefined where there is no such command */
  constructor(private readonly help: (command?: string) => string | undefined) {}

  /** What is wrong with a command, or undefined. */
  fault([program, ...args]: readonly string[]): string | undefined {
    if (KNOWN.includes(program) || KNOWN.includes(`${program} ${args[0]}`)) return undefined;
    if (program === 'npm')
      return args[0] === 'run' ? this.script(args[1], args.slice(2)) : this.script(args[0], args.slice(1));
    if (program === 'npx') return this.fault(args);
    if (program === 'pyramidflow') return this.subcommand(args);
    if (program === 'node') return existsSync(args[0]) ? undefined : `there is no file ${args[0]}`;
    return `'${program}' is not a command that this test knows`;
  }

  private script(name: string, [separator, ...args]: readonly string[]): string | undefined {
    if (!Object.hasOwn(manifest.scripts, name)) return `there is no npm script '${name}'`;
    if (separator === undefined) return undefined;
    if (separator !== '--') return `npm takes '${separator}' for itself: put -- before it`;
    if (name === 'bench') return benchmark(args);
    if (name === 'quickstart') return this.subcommand(['quickstart', ...args]);
    if (name === 'test') return testFilter(args) ?? undeclared(args, SCRIPT_SOURCES.test);
    return Object.hasOwn(SCRIPT_SOURCES, name) ? undeclared(args, SCRIPT_SOURCES[name]) : undefined;
  }

  private subcommand(args: readonly string[]): string | undefined {
    const command = args[0]?.startsWith('-') ? undefined : args[0];
    const help = this.help(command);
    if (help === undefined) return `pyramidflow has no command '${command}'`;
    const unknown = optionsOf(args).find((option) => !new RegExp(`(^|[\\s,])${option}(?=[\\s,]|$)`, 'm').test(help));
    return unknown && `pyramidflow ${command ?? ''} has no option ${unknown}`;
  }
}

const optionsOf = (args: readonly string[]): string[] =>
  args.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split('=')[0]);

function benchmark(args: readonly string[]): string | undefined {
  const name = !args[0] || args[0].startsWith('-') ? 'run' : args[0];
  const source = `benchmarks/${name}.ts`;
  return existsSync(source) ? undeclared(args, source) : `there is no benchmark '${name}'`;
}

/** The first option that a program does not declare for parseArgs. */
function undeclared(args: readonly string[], source: string): string | undefined {
  const text = readFileSync(source, 'utf8');
  const unknown = optionsOf(args).find((option) => !new RegExp(`\\b${option.replace(/^-+/, '')}: \\{ type: '`).test(text));
  return unknown && `${source} has no option ${unknown}`;
}

function testFilter(args: readonly string[]): string | undefined {
  const tests = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));
  const filters = args.filter((word, i) => !word.startsWith('-') && args[i - 1] !== '--part');
  const missing = filters.find((filter) => !tests.some((file) => `test/${file}`.includes(filter)));
  return missing && `no test matches '${missing}'`;
}
