import type { Command } from 'commander';
export function addQuickstart(program: Command): void { program.command('quickstart'); }
