interface Entry<V> {
  readonly value: V;
  used: number;
}

/**
 * A map of at most `most` entries. One more, and the half that was used longest ago is dropped: that costs a use no more
 * than a number, where keeping the entries in order would cost it a place in the map.
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

  /** What `key` stands for, which is a use of it. */
  get(key: string): V | undefined {
    const entry = this.entries.get(key);
    if (entry) entry.used = ++this.uses;
    return entry?.value;
  }

  set(key: string, value: V): void {
    if (this.entries.size >= this.most) this.dropHalf();
    this.entries.set(key, { value, used: ++this.uses });
  }

  /** Removes what `unwanted` says, without a call of `onDrop`. */
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
