import { PyramidFlowError } from './errors';

/**
 * A seeded random generator whose whole state is four words, so that a run can be stopped, stored and resumed.
 *
 * xoshiro128** (Blackman and Vigna, 2018), seeded by splitmix32. Integers and uniforms are the same bits on every
 * platform; normals pass through Math.log and Math.cos, whose last digit an engine may choose.
 *
 * @example
 * const random = new Random(0);
 * const noise = Float32Array.from({ length: 100 }, () => random.normal());
 */
export class Random {
  private readonly words = new Uint32Array(4);

  /** @param seed any safe integer. Throws UsageError for anything else. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new PyramidFlowError('UsageError', `seed ${seed} is not an integer`, 'pass a whole number');
    }
    const [low, high] = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
    for (let i = 0; i < 4; i++) this.words[i] = splitmix32(low, i) ^ splitmix32(high, i + 4);
  }

  /** Resumes from what `state()` gave. Throws CheckpointError if it is not four 32-bit words. */
  static fromState(state: readonly number[]): Random {
    if (state.length !== 4 || !state.every(isUint32) || state.every((word) => word === 0)) {
      throw new PyramidFlowError(
        'CheckpointError',
        `random state [${state.slice(0, 8).join(', ')}] is not four 32-bit words, one of them nonzero`,
        'restore it from an undamaged checkpoint',
      );
    }
    const random = new Random(0);
    random.words.set(state);
    return random;
  }

  /** The complete state, as plain numbers for JSON. */
  state(): number[] {
    return Array.from(this.words);
  }

  /** The next 32 random bits. */
  uint32(): number {
    const w = this.words;
    const result = Math.imul(rotateLeft(Math.imul(w[1]!, 5), 7), 9) >>> 0;
    const shifted = w[1]! << 9;
    w[2]! ^= w[0]!;
    w[3]! ^= w[1]!;
    w[1]! ^= w[2]!;
    w[0]! ^= w[3]!;
    w[2]! ^= shifted;
    w[3] = rotateLeft(w[3]!, 11);
    return result;
  }

  /** Uniform in [0, 1), with 53 random bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** Standard normal, by Box-Muller. Its second value is dropped: kept, it would be state. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Uniform among 0 .. n - 1 without bias; 1 <= n <= 2^32. Throws UsageError for another n. */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new PyramidFlowError('UsageError', `cannot draw one of ${n} integers`, 'pass 1 to 2^32');
    }
    const fair = 2 ** 32 - (2 ** 32 % n); // words from here up would favour the small results
    let word = this.uint32();
    while (word >= fair) word = this.uint32();
    return word % n;
  }

  /** Shuffles in place (Fisher-Yates) and returns the same array. */
  shuffle<T>(array: T[]): T[] {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [array[i], array[j]] = [array[j]!, array[i]!];
    }
    return array;
  }
}

/** Output number `index` of the splitmix32 generator with this seed. */
function splitmix32(seed: number, index: number): number {
  const counter = seed + Math.imul(index + 1, 0x9e3779b9);
  let z = Math.imul(counter ^ (counter >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function isUint32(value: number): boolean {
  return value >>> 0 === value;
}
