import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cell, csvLine } from '../../core/csv';
import { PyramidFlowError } from '../../core/errors';
import { notWritable, prepareFolder, targetOf } from './atomic-file';

/**
 * A table that is written row by row: results.csv, and results.jsonl, whose first line is a header and every other one a
 * row. Whenever the program ends, both hold the same whole rows.
 */
export class ResultLog<Column extends string> {
  private rows = 0;

  private constructor(
    private readonly columns: readonly Column[],
    private readonly csv: LineFile,
    private readonly json: LineFile,
  ) {}

  /** Starts the table in a folder, which is created if missing; an older table is replaced. Throws DataError. */
  static async start<Column extends string>(
    folder: string,
    columns: readonly Column[],
    header: object,
  ): Promise<ResultLog<Column>> {
    await prepareFolder(folder);
    const csv = await LineFile.create(join(folder, 'results.csv'), csvLine(columns));
    try {
      return new ResultLog(columns, csv, await LineFile.create(join(folder, 'results.jsonl'), jsonLine(header)));
    } catch (error) {
      await csv.close();
      throw error;
    }
  }

  /** Writes a row. Throws DataError, with the number of rows that are kept, where it cannot be written. */
  async add(row: Readonly<Partial<Record<Column, Cell>>>): Promise<void> {
    const ends = [this.csv.end, this.json.end];
    try {
      await this.csv.append(csvLine(this.columns.map((column) => row[column])));
      await this.json.append(jsonLine(row));
      this.rows++;
    } catch (cause) {
      await this.csv.cutTo(ends[0]!);
      await this.json.cutTo(ends[1]!);
      throw this.failed(cause);
    }
  }

  /** Returns once all rows are on the disk. Throws DataError. */
  async close(): Promise<void> {
    const closed = await Promise.allSettled([this.csv.close(), this.json.close()]);
    for (const end of closed) if (end.status === 'rejected') throw this.failed(end.reason);
  }

  private failed(cause: unknown): PyramidFlowError {
    return new PyramidFlowError(
      'DataError',
      `${this.csv.path} and results.jsonl cannot be written: ${(cause as Error).message}; ${this.rows} rows are kept`,
      'free some space, and run the remaining images with another folder for results',
      { cause },
    );
  }
}

const jsonLine = (value: object): string => `${JSON.stringify(value)}\n`;

/** A file that grows by whole lines. */
class LineFile {
  end = 0;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
  ) {}

  static async create(path: string, first: string): Promise<LineFile> {
    let file: FileHandle | undefined;
    try {
      file = await open(await targetOf(path), 'w');
      const created = new LineFile(path, file);
      await created.append(first);
      return created;
    } catch (cause) {
      await file?.close();
      throw notWritable(path, cause);
    }
  }

  async append(line: string): Promise<void> {
    const bytes = Buffer.from(line);
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.file.write(bytes, at, bytes.length - at, this.end);
      at += bytesWritten;
      this.end += bytesWritten;
    }
  }

  /** Truncates a file, for example to remove half a line. */
  async cutTo(end: number): Promise<void> {
    await this.file.truncate(end).catch(() => undefined);
    this.end = end;
  }

  async close(): Promise<void> {
    try {
      await this.file.sync();
    } finally {
      await this.file.close();
    }
  }
}
