import { readFileSync } from 'node:fs';
import { readSafetensors, type SafetensorsFile } from '../../src/core/safetensors';

/** Reads test/fixtures/<name>.safetensors: vectors computed in float64 by other programs, made once. */
export function readFixture(name: string): SafetensorsFile {
  return readSafetensors(readFileSync(`test/fixtures/${name}.safetensors`));
}

/** The values of one tensor of a fixture; an error names it where it is missing. */
export function fixtureData<T>(file: SafetensorsFile, name: string): T {
  const tensor = file.tensors.get(name);
  if (!tensor) throw new Error(`fixture has no tensor ${name}, only ${[...file.tensors.keys()].join(', ')}`);
  return tensor.data as T;
}
