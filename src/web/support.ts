import { PyramidFlowError } from '../core/errors';
import type { Runtime } from '../gpu/runtime';

/** Whether a page can use WebGPU, in one sentence for its reader. */
export interface Support {
  readonly supported: boolean;
  /** what is there, or what is missing and what to do about it */
  readonly sentence: string;
  /** name of the GPU, where the browser tells it */
  readonly adapter?: string;
}

/** What decides it. */
export interface Environment {
  readonly secure: boolean;
  readonly origin: string;
  readonly userAgent: string;
  readonly gpu?: GPU;
}

/** Why there is no WebGPU: a problem and its remedy, as in PyramidFlowError. */
interface Lack {
  readonly problem: string;
  readonly remedy: string;
}

/** Says in a sentence whether this page has WebGPU and, where it has not, why and what to do. */
export async function explainSupport(environment = thisEnvironment()): Promise<Support> {
  const lack = await findLack(environment);
  if (lack) return { supported: false, sentence: sentence(`${lack.problem}; ${lack.remedy}`) };
  const { info } = (await environment.gpu!.requestAdapter())!;
  const adapter = [info.description || info.device || info.vendor, info.architecture].filter(Boolean).join(', ');
  return {
    supported: true,
    sentence: sentence(`WebGPU runs here${adapter && ` on ${adapter}`}`),
    adapter: adapter || undefined,
  };
}

/** The lack as the error that is thrown, or undefined. */
export async function supportError(environment = thisEnvironment()): Promise<PyramidFlowError | undefined> {
  const lack = await findLack(environment);
  return lack && new PyramidFlowError('DeviceError', lack.problem, lack.remedy);
}

/** The name that pages show for the GPU of a runtime. */
export function adapterName({ adapter }: Runtime): string {
  const name = adapter.description || adapter.device || [adapter.vendor, adapter.architecture].filter(Boolean).join(' ');
  return `${name || 'a GPU that the browser does not name'}${adapter.software ? ' (software: the CPU computes)' : ''}`;
}

function thisEnvironment(): Environment {
  const { gpu, userAgent } = navigator;
  return { secure: isSecureContext, origin: location.origin, userAgent, gpu };
}

/** Where to get WebGPU, by the first pattern that fits the browser's own name of itself. */
const BROWSERS: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/Firefox/, 'update Firefox, or set dom.webgpu.enabled to true in about:config, or use a current Chrome or Edge'],
  [
    /Linux(?!.*Android).*Chrom/,
    'update Chrome and switch on chrome://flags/#enable-unsafe-webgpu, or use a machine with a supported GPU',
  ],
  [/Chrom|Edg/, 'update the browser to version 113 or newer (121 on Android)'],
  [/iPhone|iPad|Safari/, 'update to Safari 26 or newer, or use a current Chrome on a computer'],
  [/(?:)/, 'use a current Chrome, Edge, Safari or Firefox'],
];

async function findLack({ secure, origin, userAgent, gpu }: Environment): Promise<Lack | undefined> {
  if (!secure) {
    return {
      problem: `this page came over an insecure connection (${origin}), and browsers give WebGPU to secure pages only`,
      remedy: 'open it by https, or on localhost',
    };
  }
  if (!gpu) {
    const remedy = BROWSERS.find(([pattern]) => pattern.test(userAgent))![1];
    return { problem: 'this browser has no WebGPU, or has it switched off', remedy };
  }
  if (await gpu.requestAdapter()) return undefined;
  return {
    problem: 'this browser has WebGPU, but found no GPU that it may use',
    remedy:
      'switch on graphics (hardware) acceleration in its settings, update the graphics driver, and start it again' +
      (/Chrom|Edg/.test(userAgent) ? '; chrome://gpu says why a GPU is refused' : ''),
  };
}

const sentence = (text: string): string => `${text[0].toUpperCase()}${text.slice(1)}.`;
