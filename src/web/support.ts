import { PyramidFlowError } from '../core/errors';
import { adapterName } from '../gpu/device';

/** Whether a page can use WebGPU, explained to its user. */
export interface Support {
  readonly supported: boolean;
  /** the GPU in use, or what is missing and what to do about it; one sentence */
  readonly sentence: string;
  /** name of the GPU, as far as the browser tells it; undefined where WebGPU is not supported */
  readonly adapter?: string;
}

/** What decides whether there is WebGPU. */
export interface Environment {
  /** whether the page was loaded over https or from localhost */
  readonly secure: boolean;
  readonly origin: string;
  readonly userAgent: string;
  readonly gpu?: GPU;
}

/** See `explainSupport` of page-gpu.ts. */
export async function explainSupport(environment = thisEnvironment()): Promise<Support> {
  const error = await supportError(environment);
  if (error) return { supported: false, sentence: sentence(error.message) };
  const adapter = adapterName((await environment.gpu!.requestAdapter())!.info);
  return { supported: true, sentence: sentence(`WebGPU runs here on ${adapter}`), adapter };
}

/** Why there is no WebGPU, as the error to throw; undefined where there is. */
export async function supportError(
  { secure, origin, userAgent, gpu }: Environment = thisEnvironment(),
): Promise<PyramidFlowError | undefined> {
  const error = (problem: string, remedy: string) => new PyramidFlowError('DeviceError', problem, remedy);
  if (!secure) {
    const problem = `this page was loaded over an insecure connection (${origin}), where browsers do not offer WebGPU`;
    return error(problem, 'open it over https or on localhost');
  }
  if (!gpu) {
    const [, remedy] = BROWSERS.find(([pattern]) => pattern.test(userAgent))!;
    return error('this browser has no WebGPU, or it is switched off', remedy);
  }
  if (await gpu.requestAdapter()) return undefined;
  const details = /Chrom|Edg/.test(userAgent) ? '; chrome://gpu tells why a GPU is not used' : '';
  return error(
    'this browser has WebGPU but found no GPU that it can use',
    `turn on hardware acceleration in its settings, update the graphics driver and restart the browser${details}`,
  );
}

function thisEnvironment(): Environment {
  const { gpu, userAgent } = navigator;
  return { secure: isSecureContext, origin: location.origin, userAgent, gpu };
}

/** How to get WebGPU, by the first pattern that fits the browser's user agent. */
const BROWSERS: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/Firefox/, 'update Firefox, or set dom.webgpu.enabled to true in about:config, or use a current Chrome or Edge'],
  [
    /Linux(?!.*Android).*Chrom/,
    'update Chrome and turn on chrome://flags/#enable-unsafe-webgpu, or use a machine with a supported GPU',
  ],
  [/Chrom|Edg/, 'update the browser to version 113 or newer (121 on Android)'],
  [/iPhone|iPad|Safari/, 'update to Safari 26 or newer, or use a current Chrome on a computer'],
  [/(?:)/, 'use a current Chrome, Edge, Safari or Firefox'],
];

const sentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}.`;
