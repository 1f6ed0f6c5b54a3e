import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import sirv from 'sirv';
import { PyramidFlowError } from '../../src/core/errors';

/** No other interface: only this machine may load what is served here. */
const HOST = '127.0.0.1';

/** A page may use what this server sends and what the page itself makes (blob: and data: images), nothing else. */
const POLICY = {
  'default-src': "'self'",
  'img-src': "'self' blob: data:",
  'media-src': "'self' blob:",
  'worker-src': "'self'",
  'connect-src': "'self'",
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': Object.entries(POLICY)
    .map((entry) => entry.join(' '))
    .join('; '),
  // these two isolate the page, which gives it exact clocks and shared memory
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Accept-Ranges': 'none',
};

/** Types that sirv lacks or gets wrong (it takes `.ts` for a video). */
const TYPES: readonly (readonly [ending: RegExp, type: string])[] = [
  [/\.ts$/, 'text/plain;charset=utf-8'],
  [/\.wgsl$/, 'text/wgsl;charset=utf-8'],
  [/\.safetensors$/, 'application/octet-stream'],
];

/** How long a client may take, in ms; one that takes longer is cut off. */
export interface Limits {
  /** to send the header of a request */
  readonly headers: number;
  /** to send the whole request */
  readonly request: number;
  /** without a byte in either direction, also because it stopped reading */
  readonly idle: number;
  /** between an answer and the next request */
  readonly keepAlive: number;
  /** to read an answer to its end, however steadily */
  readonly response: number;
  /** between two checks of `headers` and `request`, which can be exceeded by this much */
  readonly interval: number;
}

export const LIMITS: Limits = {
  headers: 10_000,
  request: 20_000,
  idle: 30_000,
  keepAlive: 5_000,
  response: 120_000,
  interval: 1_000,
};

export interface Server {
  /** such as http://127.0.0.1:8080, without a slash at the end */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves folders (path in the URL -> folder of this machine) on 127.0.0.1, as they are at each request. Port 0 takes
 * any free one. No request, client or file can stop it. Throws UsageError where the port is taken.
 */
export async function serve(folders: Readonly<Record<string, string>>, port = 0, limits: Limits = LIMITS): Promise<Server> {
  const server = createServer(
    {
      headersTimeout: limits.headers,
      requestTimeout: limits.request,
      keepAliveTimeout: limits.keepAlive,
      connectionsCheckingInterval: limits.interval,
    },
    guarded(answerFrom(folders), limits.response),
  );
  server.setTimeout(limits.idle); // closes the connection, since nothing listens for it
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(cannotListen(port, cause)));
    server.listen(port, HOST, resolve);
  });
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * What `answer` throws becomes status 500 for that request alone. A file that stops being readable, and an answer that is
 * not read to its end within `limit` ms, close that connection; a client that leaves closes the file.
 */
export function guarded(answer: RequestListener, limit = LIMITS.response): RequestListener {
  return (request, response) => {
    const timer = setTimeout(() => response.destroy(), limit);
    response.on('close', () => clearTimeout(timer));
    response.on('pipe', (source: Readable) => {
      source.on('error', () => response.destroy());
      response.on('close', () => source.destroy());
    });
    try {
      answer(request, response);
    } catch (error) {
      console.error(`${request.method} ${request.url}:`, error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'Content-Length': 0 }).end();
    }
  };
}

function answerFrom(folders: Readonly<Record<string, string>>): RequestListener {
  const mounts = Object.entries(folders).map(([name, folder]) => ({
    prefix: `/${name}`,
    handler: sirv(folder, { dev: true, setHeaders: setType }),
  }));
  return (request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const refusal = refusalOf(request);
    if (refusal) return response.writeHead(refusal).end();
    const path = request.url!;
    if (path === '/') return response.writeHead(302, { Location: `${mounts[0].prefix}/` }).end();
    const mount = mounts.find(({ prefix }) => path.startsWith(`${prefix}/`));
    if (!mount) return response.writeHead(404).end();
    request.url = path.slice(mount.prefix.length);
    // RFC 9110, 14.2, allows ignoring it. sirv trusts every number in it, and our pages load whole files
    delete request.headers.range;
    mount.handler(request, response);
  };
}

/** The status of a request that is not answered. A foreign host name means that a page of another site was redirected here (DNS rebinding). */
function refusalOf({ method, headers, socket }: IncomingMessage): number | undefined {
  const port = socket.localPort;
  if (headers.host !== `${HOST}:${port}` && headers.host !== `localhost:${port}`) return 421;
  return method === 'GET' || method === 'HEAD' ? undefined : 405;
}

function setType(response: ServerResponse, path: string): void {
  const type = TYPES.find(([ending]) => ending.test(path))?.[1];
  if (type) response.setHeader('Content-Type', type);
}

function cannotListen(port: number, cause: NodeJS.ErrnoException): PyramidFlowError {
  const problem = `cannot listen on ${HOST}:${port}: ${cause.code === 'EADDRINUSE' ? 'the port is in use' : cause.message}`;
  return new PyramidFlowError('UsageError', problem, 'name another port', { cause });
}
