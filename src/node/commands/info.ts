import type { Command } from 'commander';
export function addInfo(program: Command): void { program.command('info'); }
