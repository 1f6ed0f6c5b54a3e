import { spawnSync } from 'node:child_process';
import { ROOT } from './support/bundle';
import { main } from './support/main';
import { generateShaderTypes } from './wgsl-plugin';

// Writes the API reference to build/docs: `npm run docs`. An export without documentation fails it. typedoc is a package of
// its own (tools/docs/package.json), since it needs the API of an older TypeScript than the one that compiles this project.
main(() => {
  generateShaderTypes();
  const typedoc = ['tools/docs/node_modules/typedoc/bin/typedoc', '--options', 'tools/docs/typedoc.json'];
  process.exitCode = spawnSync(process.execPath, typedoc, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
});
