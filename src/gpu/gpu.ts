import { PyramidFlowError } from '../core/errors';
import { checkBuffers, checkCall, checkConstants, checkConstantValues, checkUniforms } from './call-checks';
import type { ExplainCompile } from './compile-error';
import type { Device } from './device';
import type { Profile } from './profile';
import { Runtime } from './runtime';

/** Loaded where it is needed. */
const explainCompile: ExplainCompile = async (...found) => (await import('./compile-error')).explainCompile(...found);

/** A runtime for those who write kernels: it checks calls, says where a kernel does not compile, and profiles. */
export class Gpu extends Runtime {
  constructor(device: Device) {
    super(device, { checkBuffers, checkCall, checkConstants, checkConstantValues, checkUniforms, explainCompile });
  }

  /**
   * Runs `work` and measures every kernel that it runs. Each dispatch gets a pass of its own, so `work` takes longer than usual, and
   * short kernels that otherwise overlap do not. Whatever else uses this runtime meanwhile is counted too.
   *
   * @param work synchronous or asynchronous
   * @returns times and sizes by kernel, the most expensive first; as a string, a table. Times are undefined on an adapter without
   *   'timestamp-query'
   * @throws PyramidFlowError UsageError while another profile is under way, DeviceError if anything goes wrong on the GPU
   * @example
   * const profile = await gpu.profile(() => flow.step(x, nll, adam));
   * console.log(`${profile}`);
   */
  async profile<T>(work: () => T): Promise<Profile<Awaited<T>>> {
    const { DispatchTimer, Profile, Tally } = await import('./profile');
    if (this.tally) throw new PyramidFlowError('UsageError', 'a profile is already under way', 'await it first');
    this.flush();
    this.tally = new Tally();
    if (this.adapter.features.includes('timestamp-query')) this.timer = new DispatchTimer(this.device);
    try {
      const value = await work();
      await this.finish();
      return new Profile(this.adapter, value, this.tally.with(await this.timer?.collect()));
    } finally {
      this.tally = undefined;
      this.timer = undefined;
    }
  }
}
