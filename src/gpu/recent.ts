interface Entry<V> {
  readonly value: V;
  used: number;
}

/**
 * A map of at most `most` entries, of which the least recently used half is dropped when it is full. A use only stores a number,
 * which is cheaper than keeping the entries in order.
 */
export class RecentMap<V> {
  private readonly entries = new Map<string, Entry<V>>();
  private uses = 0;

  constructor(
    private readonly most: number,
    private readonly onDrop: (values: ReadonlySet<V>) => void = () => undefined,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  /** The value of `key`, which counts as a use. */
  get(key: string): V | undefined {
    const entry = this.entries.get(key);
    if (entry) entry.used = ++this.uses;
    return entry?.value;
  }

  set(key: string, value: V): void {
    if (this.entries.size >= this.most) this.dropHalf();
    this.entries.set(key, { value, used: ++this.uses });
  }

  /** Removes the values for which `unwanted` is true, without calling `onDrop`. */
  remove(unwanted: (value: V) => boolean): void {
    for (const [key, { value }] of this.entries) if (unwanted(value)) this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }

  private dropHalf(): void {
    const oldest = [...this.entries].sort(([, a], [, b]) => a.used - b.used).slice(0, Math.ceil(this.most / 2));
    for (const [key] of oldest) this.entries.delete(key);
    this.onDrop(new Set(oldest.map(([, { value }]) => value)));
  }
}
