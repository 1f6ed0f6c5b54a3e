import { readFileSync } from 'node:fs';
import { TOGGLES } from '../../src/node/dawn';
import type { Context } from '../suite/record';
import { commitOf } from './commit';

/** The part of a report's context that depends on Node. Expects to run from the root of a checkout. */
export function about(): Pick<Context, 'commit' | 'runtime' | 'toggles'> {
  const { version } = JSON.parse(readFileSync('node_modules/webgpu/package.json', 'utf8')) as { version: string };
  const runtime = {
    name: 'Dawn (npm webgpu)',
    version,
    platform: `Node ${process.version}, ${process.platform} ${process.arch}`,
  };
  return { commit: commitOf('.'), runtime, toggles: TOGGLES };
}
