import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Checkpoint } from '../../checkpoint/checkpoint';
import { PyramidFlowError } from '../../core/errors';
import { prepareFolderOf } from './atomic-file';
import { readCheckpoint, writeCheckpoint } from './checkpoint-file';
import { specialKind } from './regular-file';

/** Where a training writes its model. */
export interface OutputOptions {
  /** the model file to write; default the one that is resumed */
  readonly out?: string;
  /** a model file whose training is continued */
  readonly resume?: string;
  /** replaces an existing model file */
  readonly force?: boolean;
}

/**
 * The file that training will write; its folder is created if missing. Throws UsageError where none is named or something
 * other than a file is there, CheckpointError where the file to resume is missing, DataError where the folder is not
 * writable.
 */
export async function outputFile({ out, resume }: OutputOptions): Promise<string> {
  const file = out ?? resume;
  if (!file) throw misuse('no file for the model was named', 'name the file to write', ['out']);
  if (resume !== undefined && !existsSync(resume)) await readCheckpoint(resume); // throws that it is missing
  const found = await stat(file).catch(() => undefined);
  const kind = found && specialKind(found);
  if (kind) throw misuse(`${file} is ${kind}`, 'name a file for the model', [out === undefined ? 'resume' : 'out']);
  if (out !== undefined) await prepareFolderOf(out);
  return file;
}

/** Throws UsageError for a file that would be replaced without `force`. */
export function refuseExisting(file: string, { resume, force }: OutputOptions): void {
  if (force || !existsSync(file) || isResumed(file, resume)) return;
  const remedy = 'resume its training, force its replacement, or name another file';
  throw misuse(`${file} exists`, remedy, ['resume', 'force', 'out']);
}

/** Whether both paths lead to the same file. */
export const isResumed = (file: string, resume: string | undefined): boolean =>
  resume !== undefined && resolve(resume) === resolve(file);

function misuse(problem: string, remedy: string, settings: readonly string[]): PyramidFlowError {
  return new PyramidFlowError('UsageError', problem, remedy, { details: { settings } });
}

/** The model file of a training, which at any time holds the last finished epoch. */
export class ModelFile {
  /** @param heldEpochs finished epochs of this training that the file holds already */
  constructor(
    readonly path: string,
    private heldEpochs: number,
  ) {}

  /** Replaces the file at once; `epochs` are finished. Throws DataError that says what the file still holds. */
  async write(checkpoint: Checkpoint, epochs: number): Promise<void> {
    try {
      await writeCheckpoint(this.path, checkpoint);
    } catch (cause) {
      if (!(cause instanceof PyramidFlowError)) throw cause;
      const { code, problem, remedy } = cause;
      throw new PyramidFlowError(code, `${problem}, and ${this.rest()}`, remedy, { cause, details: cause.details });
    }
    this.heldEpochs = epochs;
  }

  private rest(): string {
    const { path, heldEpochs } = this;
    if (!existsSync(path)) return heldEpochs === 0 ? 'no epoch is kept' : `${path} with epoch ${heldEpochs} is gone`;
    return heldEpochs === 0 ? `${path} is as it was before` : `${path} still holds epoch ${heldEpochs}`;
  }
}
