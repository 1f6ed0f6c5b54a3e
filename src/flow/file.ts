import { readSealed } from '../core/checksum';
import { PyramidFlowError } from '../core/errors';
import type { Safetensor } from '../core/safetensors';
import { writeSealed } from '../core/write-sealed';
import type { Flow } from './flow';

const FORMAT = 'pyramidflow-flow-1';

/**
 * All parameters of a flow as a safetensors file with checksums.
 *
 * @example
 * await writeFile('moons.safetensors', await saveFlow(flow));
 */
export async function saveFlow({ parameters, started }: Flow): Promise<Uint8Array> {
  const entries = new Map<string, Safetensor>();
  for (const [name, { shape, data }] of await parameters.read())
    entries.set(name, { dtype: 'F32', shape: [...shape], data });
  return writeSealed(entries, { format: FORMAT, started: String(started) });
}

/**
 * Replaces all parameters of a flow by those of a file that `saveFlow` wrote.
 *
 * @throws PyramidFlowError CheckpointError for a damaged file, or one of another flow; nothing is changed then
 * @example
 * await loadFlow(flow, await readFile('moons.safetensors'));
 */
export async function loadFlow(flow: Flow, bytes: Uint8Array): Promise<void> {
  const { parameters } = flow;
  const { tensors, metadata } = await readSealed(bytes);
  if (metadata.format !== FORMAT) throw wrongFile(`its format is ${metadata.format ?? 'not stated'}, expected ${FORMAT}`);
  const names = [...parameters.names, ...parameters.fixedNames];
  const stranger = [...tensors.keys()].find((name) => !names.includes(name));
  if (stranger !== undefined) throw wrongFile(`this flow has no parameter ${stranger}`);
  for (const name of names) {
    const { shape } = parameters.get(name);
    const found = tensors.get(name);
    if (!found) throw wrongFile(`the parameter ${name} is missing`);
    if (found.dtype === 'F32' && `${found.shape}` === `${shape}`) continue;
    throw wrongFile(`${name} is ${found.dtype} [${found.shape.join(', ')}], expected F32 [${shape.join(', ')}]`);
  }
  parameters.write(new Map(Array.from(tensors, ([name, { data }]) => [name, data as Float32Array])));
  flow.started = metadata.started === 'true';
}

const wrongFile = (problem: string) =>
  new PyramidFlowError('CheckpointError', problem, 'load a file that saveFlow() of a flow with the same modules wrote');
