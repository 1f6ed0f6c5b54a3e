import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import sirv from 'sirv';
import { PyramidFlowError } from '../../src/core/errors';

/** Never another interface: what is served here is for this machine alone. */
const HOST = '127.0.0.1';

/** A page may use what this server gives it and what it makes itself (blob:, data: pictures), and nothing else. */
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
  // these two isolate the page: exact clocks, shared memory
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/** Types that the table of sirv lacks or means otherwise (it takes `.ts` for a video). */
const TYPES: readonly (readonly [ending: RegExp, type: string])[] = [
  [/\.ts$/, 'text/plain;charset=utf-8'],
  [/\.wgsl$/, 'text/wgsl;charset=utf-8'],
  [/\.safetensors$/, 'application/octet-stream'],
];

export interface Server {
  /** such as http://127.0.0.1:8080, without a slash at the end */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves folders (path in the URL -> folder of this machine) on 127.0.0.1, as they are at each request. Port 0 takes
 * any that is free. Throws UsageError where the port is taken.
 */
export async function serve(folders: Readonly<Record<string, string>>, port = 0): Promise<Server> {
  const mounts = Object.entries(folders).map(([name, folder]) => ({
    prefix: `/${name}`,
    handler: sirv(folder, { dev: true, setHeaders: setType }),
  }));
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const refusal = refusalOf(request, (server.address() as AddressInfo).port);
    if (refusal) return response.writeHead(refusal).end();
    const path = request.url!;
    if (path === '/') return response.writeHead(302, { Location: `${mounts[0].prefix}/` }).end();
    const mount = mounts.find(({ prefix }) => path.startsWith(`${prefix}/`));
    if (!mount) return response.writeHead(404).end();
    request.url = path.slice(mount.prefix.length);
    mount.handler(request, response);
  });
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

/** The status of a request that is not answered. A foreign host name means that a page elsewhere was bent to here. */
function refusalOf({ method, headers }: IncomingMessage, port: number): number | undefined {
  if (headers.host !== `${HOST}:${port}` && headers.host !== `localhost:${port}`) return 421;
  return method === 'GET' || method === 'HEAD' ? undefined : 405;
}

function setType(response: ServerResponse, path: string): void {
  const type = TYPES.find(([ending]) => ending.test(path))?.[1];
  if (type) response.setHeader('Content-Type', type);
}

function cannotListen(port: number, cause: NodeJS.ErrnoException): PyramidFlowError {
  const problem = `cannot listen on ${HOST}:${port}: ${cause.code === 'EADDRINUSE' ? 'it is in use' : cause.message}`;
  return new PyramidFlowError('UsageError', problem, 'name another port', { cause });
}
