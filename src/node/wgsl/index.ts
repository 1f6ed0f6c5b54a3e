import { posix } from 'node:path';
import type { Plugin } from 'esbuild';
import { reflect } from '../../gpu/reflect';
import { wgslPlugin } from './plugin';

/**
 * An esbuild plugin that loads each `.wgsl` file of a project as the kernel that `kernel(name, text)` returns, the name being that of
 * the file. A line `// #include "NAME.wgsl"` is replaced by that file, whose path is relative to the file that includes it. Builds
 * that minify leave comments and spaces out. What `kernel` refuses fails the build, with file and line.
 *
 * @example
 * import { build } from 'esbuild';
 * import { wgsl } from 'pyramidflow/esbuild';
 * await build({ entryPoints: ['app.ts'], bundle: true, format: 'esm', outdir: 'dist', plugins: [wgsl()] });
 */
export function wgsl(): Plugin {
  return wgslPlugin({
    resolve: (name, file) => posix.join(posix.dirname(file), name),
    table: (name, text) => ({ ...reflect(name, text), custom: true }),
  });
}
