import type { Command } from 'commander';
export function addEvaluate(program: Command): void { program.command('evaluate'); }
