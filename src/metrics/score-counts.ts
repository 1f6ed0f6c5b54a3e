/** Keys that share their upper 16 bits. */
const PAGE = 2 ** 16;
const FIRST_CAPACITY = 64;

/** How often the scores of a page occur: one counter for each lower half of a key. */
type Histogram = Uint16Array | Uint32Array;

/**
 * Counts how often each of very many 32-bit keys occurs, exactly. A page of few keys is a list of their lower halves; one
 * of 65536 and more is a histogram, of 16-bit counters as long as they suffice. So a key takes 4 bytes at the most, and
 * far less where many keys fall into few pages, as those of float32 scores of one scale do.
 */
export class ScoreCounts {
  /** Number of keys. */
  total = 0;
  private readonly lists: (Uint16Array | undefined)[] = new Array(PAGE).fill(undefined);
  private readonly lengths = new Uint32Array(PAGE);
  private readonly histograms: (Histogram | undefined)[] = new Array(PAGE).fill(undefined);

  add(key: number): void {
    this.total++;
    const [page, low] = [key >>> 16, key & 0xffff];
    const histogram = this.histograms[page];
    if (histogram === undefined) this.addToList(page, low);
    else if (histogram[low] === 0xffff && histogram instanceof Uint16Array) this.widen(page, histogram)[low]!++;
    else histogram[low]!++;
  }

  /**
   * Calls `visit` with every distinct key, from the lowest to the highest, and how often it occurs. Yields after each page,
   * so that the caller can pause.
   */
  *visit(visit: (key: number, count: number) => void): Generator<void> {
    for (let page = 0; page < PAGE; page++) {
      const list = this.lists[page];
      const histogram = this.histograms[page];
      const first = page * PAGE;
      if (!list && !histogram) continue;
      if (list) visitRuns(list.slice(0, this.lengths[page]).sort(), first, visit);
      else if (histogram) {
        for (let low = 0; low < PAGE; low++) if (histogram[low] !== 0) visit(first + low, histogram[low]!);
      }
      yield;
    }
  }

  private addToList(page: number, low: number): void {
    const length = this.lengths[page]!++;
    let list = this.lists[page];
    if (list === undefined) this.lists[page] = list = new Uint16Array(FIRST_CAPACITY);
    else if (length === list.length) {
      const longer = new Uint16Array(2 * length);
      longer.set(list);
      this.lists[page] = list = longer;
    }
    list[length] = low;
    if (length + 1 === PAGE) this.makeHistogram(page, list);
  }

  private makeHistogram(page: number, list: Uint16Array): void {
    const counts = new Uint32Array(PAGE);
    for (const low of list) counts[low]!++;
    const fits = counts.every((count) => count <= 0xffff);
    this.histograms[page] = fits ? Uint16Array.from(counts) : counts;
    this.lists[page] = undefined;
  }

  private widen(page: number, histogram: Uint16Array): Uint32Array {
    const wide = Uint32Array.from(histogram);
    this.histograms[page] = wide;
    return wide;
  }
}

function visitRuns(sorted: Uint16Array, first: number, visit: (key: number, count: number) => void): void {
  for (let start = 0, end = 0; start < sorted.length; start = end) {
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    visit(first + sorted[start]!, end - start);
  }
}
