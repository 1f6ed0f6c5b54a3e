import { countElements, DTYPES, damaged, LENGTH_BYTES, METADATA, type Safetensor } from './safetensors';

/**
 * Writes a safetensors file. The same tensors in the same order give the same bytes; the header is padded with spaces
 * so that the data start at a multiple of 8.
 *
 * @throws CheckpointError where a tensor's shape and data disagree, or its name is reserved
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Safetensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    if (name === METADATA) throw damaged(`a tensor is named ${METADATA}`, 'give it another name');
    if (!(data instanceof DTYPES[dtype])) throw damaged(`tensor ${name}: its data is not ${dtype}`, 'convert it');
    if (countElements(shape) !== data.length) {
      throw damaged(`tensor ${name}: ${data.length} values do not fill [${shape.join(', ')}]`, 'correct its shape');
    }
    header.push([name, { dtype, shape, data_offsets: [end, (end += data.byteLength)] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerLength = Math.ceil(json.length / LENGTH_BYTES) * LENGTH_BYTES;
  const bytes = new Uint8Array(LENGTH_BYTES + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerLength);
  bytes.set(json, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerLength;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}
