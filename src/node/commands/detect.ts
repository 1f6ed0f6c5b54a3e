import type { Command } from 'commander';
export function addDetect(program: Command): void { program.command('detect'); }
