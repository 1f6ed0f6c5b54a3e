import { DATA, encode, HEADER, sha256 } from './checksum';
import { type Safetensor, safetensorsHeader } from './safetensors';
import { writeSafetensors } from './write-safetensors';

/** A safetensors file that carries checksums of its header and of its data. Throws CheckpointError as `writeSafetensors`. */
export async function writeSealed(
  tensors: ReadonlyMap<string, Safetensor>,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const { data } = safetensorsHeader(writeSafetensors(tensors, metadata));
  const withData = { ...metadata, [DATA]: await sha256(data) };
  const { header } = safetensorsHeader(writeSafetensors(tensors, withData));
  return writeSafetensors(tensors, { ...withData, [HEADER]: await sha256(encode(header)) });
}
