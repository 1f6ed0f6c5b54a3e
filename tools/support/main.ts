import type { BuildFailure } from 'esbuild';
import { PyramidFlowError } from '../../src/core/errors';

/** Runs a tool with the arguments of its command line; an error becomes a line on stderr and exit status 1. */
export async function main(tool: (args: string[]) => Promise<void> | void): Promise<void> {
  try {
    await tool(process.argv.slice(2));
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}

/** One line for an expected error, esbuild's list of places for a bundle, everything about any other error. */
function messageOf(error: unknown): unknown {
  if (error instanceof PyramidFlowError) return `${error.code}: ${error.message}`;
  return isBuildFailure(error) ? error.message : error;
}

const isBuildFailure = (error: unknown): error is BuildFailure => error instanceof Error && 'errors' in error;
