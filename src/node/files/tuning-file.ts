import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AdapterReport } from '../../gpu/device';
import { validChoices } from '../../tuner/choices';
import { writeAtomic } from './atomic-file';
import { readRegularFile } from './regular-file';

type Stored = Record<string, Record<string, unknown>>;

/** The file with the choices of `tune`, by adapter and driver, for all models. PYRAMIDFLOW_TUNING names another file. */
function tuningFile(): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return process.env.PYRAMIDFLOW_TUNING || join(cache, 'pyramidflow', 'tuning.json');
}

/** The choices for an adapter that are still valid; none where there is no readable file. */
export async function readTuning(adapter: AdapterReport): Promise<Map<string, string>> {
  return validChoices((await readStored())[adapterKey(adapter)] ?? {}, adapter);
}

/** Stores the choices for an adapter, and keeps those for others. Returns the path of the file. Throws DataError. */
export async function writeTuning(adapter: AdapterReport, choices: ReadonlyMap<string, string>): Promise<string> {
  const file = tuningFile();
  const stored = { ...(await readStored()), [adapterKey(adapter)]: Object.fromEntries(choices) };
  await mkdir(dirname(file), { recursive: true }).catch(() => undefined); // writing reports the error
  await writeAtomic(file, `${JSON.stringify(stored, undefined, 2)}\n`);
  return file;
}

const adapterKey = ({ vendor, architecture, device, description }: AdapterReport) =>
  [vendor, architecture, device, description].join('|');

async function readStored(): Promise<Stored> {
  try {
    const stored: unknown = JSON.parse(new TextDecoder().decode(await readRegularFile(tuningFile())));
    const tables = Object.entries(isTable(stored) ? stored : {}).filter(([, choices]) => isTable(choices));
    return Object.fromEntries(tables) as Stored;
  } catch {
    return {}; // none yet, or damaged: the next tuning writes a new one
  }
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
