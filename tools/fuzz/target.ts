import { type ErrorCode, PyramidFlowError } from '../../src/core/errors';
import { Random } from '../../src/core/random';

export type Outcome = 'accepted' | 'refused';

/** What judging an input may use. */
export interface Bench {
  /** an empty folder for files */
  readonly folder: string;
  /** whether to check also what takes long; for a part of the inputs */
  readonly deep: boolean;
}

/** Something that reads bytes from outside. */
export interface Target {
  readonly name: string;
  /** bytes by which the memory of a process may grow while it reads inputs */
  readonly memory: number;
  /** an input, the same for the same state of the generator */
  input(random: Random): Promise<Uint8Array>;
  /** Reads an input. Throws unless it is refused with an expected error or gives a sound result. */
  judge(bytes: Uint8Array, bench: Bench): Promise<Outcome>;
}

interface Parts<T> {
  readonly name: string;
  /** codes of the errors by which an input may be refused */
  readonly refusals: readonly ErrorCode[];
  readonly memory?: number;
  generate(random: Random): Uint8Array | Promise<Uint8Array>;
  read(bytes: Uint8Array, bench: Bench): T | Promise<T>;
  /** Throws where `value` is not a valid reading of this input. */
  check(value: T, bytes: Uint8Array, bench: Bench): void | Promise<void>;
}

const MEMORY = 2 ** 30;
/** Characters: a refusal that repeats a hostile file at length hides what is wrong. */
const LONGEST_REFUSAL = 2000;

export function target<T>({ name, refusals, memory = MEMORY, generate, read, check }: Parts<T>): Target {
  return {
    name,
    memory,
    input: async (random) => generate(random),
    judge: async (bytes, bench) => {
      let value: T;
      try {
        value = await read(bytes, bench);
      } catch (error) {
        checkRefusal(error, refusals);
        return 'refused';
      }
      await check(value, bytes, bench);
      return 'accepted';
    },
  };
}

function checkRefusal(error: unknown, codes: readonly ErrorCode[]): void {
  if (!(error instanceof PyramidFlowError) || !codes.includes(error.code)) throw error;
  if (error.message.length <= LONGEST_REFUSAL) return;
  error.message = `a refusal of ${error.message.length} characters`; // the stack says whose it is
  throw error;
}

/** The generator of one input, independent of the inputs before it. */
export function randomFor(name: string, seed: number, iteration: number): Random {
  let hash = 0x811c9dc5; // FNV-1a
  for (const character of `${name} ${seed}`) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return new Random((hash >>> 11) * 2 ** 32 + iteration);
}

/** Deep checks run for a part of the inputs, always the same ones. */
export const isDeep = (iteration: number): boolean => iteration % 32 === 0;
