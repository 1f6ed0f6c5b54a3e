// Globals that Node and pages share, as far as the core uses them; for src/tsconfig.json alone, which sees neither platform.

declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(encoding: 'utf-8', options: { readonly fatal: boolean });
  decode(bytes: Uint8Array): string;
}

declare const performance: { now(): number };

declare function setTimeout(work: (value?: unknown) => void, ms: number): unknown;

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
}

interface SubtleCrypto {
  digest(algorithm: 'SHA-256', data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>;
}

/** In a page on secure connections alone. */
declare const crypto: { readonly subtle?: SubtleCrypto } | undefined;
