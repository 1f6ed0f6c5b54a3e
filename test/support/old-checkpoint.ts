import { readSafetensors } from '../../src/core/safetensors';
import { writeSafetensors } from '../../src/core/write-safetensors';

const ALIGNMENT = 64;

/** A model file as version 1 wrote it: no checksums, no manifest, the moments of all parameters in one padded tensor. */
export function asOldFormat(file: Uint8Array): Uint8Array {
  const { tensors, metadata } = readSafetensors(file);
  for (const name of ['data_sha256', 'header_sha256', 'manifest']) delete metadata[name];
  metadata.format = 'pyramidflow-1';
  if (metadata.training) {
    const { images, settings, ...rest } = JSON.parse(metadata.training);
    metadata.training = JSON.stringify({ ...rest, settings: { ...settings, images } });
  }
  for (const prefix of ['optimizer.first_moment', 'optimizer.second_moment']) {
    const own = [...tensors].filter(([name]) => name.startsWith(`${prefix}.`));
    const values = own.flatMap(([, { data }]) => {
      const padded = new Float32Array(Math.ceil(data.length / ALIGNMENT) * ALIGNMENT);
      padded.set(data as Float32Array);
      return [...padded];
    });
    for (const [name] of own) tensors.delete(name);
    if (own.length) tensors.set(prefix, { dtype: 'F32', shape: [values.length], data: Float32Array.from(values) });
  }
  return writeSafetensors(tensors, metadata);
}
