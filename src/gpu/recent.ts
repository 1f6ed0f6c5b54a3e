interface Entry<V> {
  readonly key: Uint32Array;
  readonly value: V;
  used: number;
}

/**
 * A map of at most `most` entries, of which the least recently used half is dropped when it is full. A use only stores a number,
 * which is cheaper than keeping the entries in order. Keys are words of 32 bits, since a lookup at every dispatch must not build a
 * string.
 */
export class RecentMap<V> {
  private readonly buckets = new Map<number, Entry<V>[]>(); // by the hash of the key
  private count = 0;
  private uses = 0;

  constructor(
    private readonly most: number,
    private readonly onDrop: (values: ReadonlySet<V>) => void = () => undefined,
  ) {}

  get size(): number {
    return this.count;
  }

  /** The value of the first `length` words of `key`, which counts as a use. */
  get(key: Uint32Array, length: number): V | undefined {
    const entry = this.buckets.get(hash(key, length))?.find((candidate) => same(candidate.key, key, length));
    if (entry) entry.used = ++this.uses;
    return entry?.value;
  }

  set(key: Uint32Array, length: number, value: V): void {
    if (this.count >= this.most) this.dropHalf();
    const at = hash(key, length);
    const bucket = this.buckets.get(at);
    const entry = { key: key.slice(0, length), value, used: ++this.uses };
    if (bucket) bucket.push(entry);
    else this.buckets.set(at, [entry]);
    this.count++;
  }

  /** Removes the values for which `unwanted` is true, without calling `onDrop`. */
  remove(unwanted: (value: V) => boolean): void {
    this.keep(({ value }) => !unwanted(value));
  }

  clear(): void {
    this.buckets.clear();
    this.count = 0;
  }

  private dropHalf(): void {
    const byUse = [...this.buckets.values()].flat().sort((a, b) => a.used - b.used);
    const oldest = new Set(byUse.slice(0, Math.ceil(this.most / 2)));
    this.keep((entry) => !oldest.has(entry));
    this.onDrop(new Set(Array.from(oldest, ({ value }) => value)));
  }

  private keep(wanted: (entry: Entry<V>) => boolean): void {
    this.count = 0;
    for (const [at, bucket] of this.buckets) {
      const kept = bucket.filter(wanted);
      if (kept.length > 0) this.buckets.set(at, kept);
      else this.buckets.delete(at);
      this.count += kept.length;
    }
  }
}

/** FNV-1a over words. */
function hash(key: Uint32Array, length: number): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < length; i++) value = Math.imul(value ^ key[i]!, 0x01000193);
  return value ^ (value >>> 15);
}

function same(a: Uint32Array, b: Uint32Array, length: number): boolean {
  if (a.length !== length) return false;
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}
