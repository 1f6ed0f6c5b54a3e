import { requestDevice } from '../../../src/gpu/device';
import { Runtime } from '../../../src/gpu/runtime';
import type { Report } from './result';
import { runWorkloads } from './workloads';

export async function run(): Promise<Report> {
  return runWorkloads(new Runtime(await requestDevice(navigator.gpu)));
}
