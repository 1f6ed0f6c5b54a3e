import { PyramidFlowError } from '../core/errors';
import type { Attempt, ExplainCompile } from './compile-error';
import { compileError } from './device-errors';
import type { Faults } from './faults';
import { BUFFER_USAGE } from './flags';
import { bindGroupLayout, type KernelCall, type KernelSource, writeUniforms } from './kernel';
import { RecentMap } from './recent';
import { specialise, UnrollError } from './specialise';

/** Checks of calls, and the reason why a kernel does not compile, for those who write kernels. */
export type AuthorHelp = typeof import('./call-checks') & { readonly explainCompile: ExplainCompile };

interface Layouts {
  readonly bindGroup: GPUBindGroupLayout;
  readonly pipeline: GPUPipelineLayout;
}

interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  /** while it is not known whether it compiles: what becomes known, an error or nothing */
  doubt?: Promise<PyramidFlowError | undefined>;
}

/** A pipeline and the constants of its kernel. */
interface Variant {
  readonly constants: Readonly<Record<string, number>>;
  readonly pipeline: Pipeline;
}

/** A bind group and its uniform buffer. */
interface Bound {
  readonly group: GPUBindGroup;
  readonly uniform?: GPUBuffer;
}

/**
 * A training step at 256 x 256 makes up to 5,600 dispatches, with one or two thousand bind groups and a few hundred uniform buffers:
 * it finds its own even after the older half was dropped. In Dawn a bind group takes about 5 KB, a uniform buffer 4 to 8.
 */
export const MOST_BIND_GROUPS = 16_384;
export const MOST_UNIFORMS = 4096;

/** Words of the key of a bind group: far more than a kernel can bind. */
const MOST_WORDS = 1024;
const LARGEST_UNIFORMS = 65_536; // bytes, the most that WebGPU binds by default

/**
 * Pipelines by kernel (its name and text) and constants, uniform buffers by content, bind groups by the buffers that they bind: each
 * is made once. Of bind groups and uniform buffers only the most recent are kept, since every image size has its own.
 */
export class KernelCache {
  private readonly kernelIds = new WeakMap<KernelSource, number>();
  private readonly kernelIdsByText = new Map<string, number>();
  private readonly layouts = new Map<number, Layouts>();
  private readonly pipelines = new Map<string, Pipeline>();
  private readonly broken = new Map<string, PyramidFlowError>();
  private readonly compiling = new Map<string, Promise<void>>();
  private readonly uniforms = new RecentMap<GPUBuffer>(MOST_UNIFORMS, (dropped) => this.retire(dropped));
  private readonly bindGroups = new RecentMap<Bound>(MOST_BIND_GROUPS);
  private readonly variants: Variant[][] = []; // by the number of their kernel
  private readonly words = new Uint32Array(MOST_WORDS);
  private readonly uniformWords = new Uint32Array(LARGEST_UNIFORMS / 4);
  private readonly uniformBytes = new DataView(this.uniformWords.buffer);
  private retired: GPUBuffer[] = [];
  private readonly bufferIds = new WeakMap<GPUBuffer, number>();
  private nextId = 0;

  constructor(
    private readonly device: GPUDevice,
    private readonly faults: Faults,
    private readonly help?: AuthorHelp,
  ) {}

  /** What a dispatch needs. Throws the error of a kernel that is known not to compile. */
  prepare<T extends string, U extends string, C extends string>(
    kernel: KernelSource<T, U, C>,
    call: KernelCall<T, U, C>,
  ): Pipeline & { bindGroup: GPUBindGroup } {
    const { pipeline, doubt } = this.variant(kernel, call.constants ?? {});
    return { pipeline, doubt, bindGroup: this.bindGroup(kernel, call) };
  }

  /** Makes a pipeline on the driver's own threads, several of them in parallel. */
  async compile(kernel: KernelSource, constants: Readonly<Record<string, number>>): Promise<void> {
    const key = this.pipelineKey(kernel, constants);
    const error = (await this.pipelines.get(key)?.doubt) ?? this.broken.get(key);
    if (error) throw error;
    if (this.pipelines.has(key)) return;
    let made = this.compiling.get(key);
    if (!made) {
      made = this.compiled(key, kernel, constants).finally(() => this.compiling.delete(key));
      this.compiling.set(key, made);
    }
    return made;
  }

  /** Drops all bind groups, which otherwise keep destroyed buffers alive. */
  forgetBindGroups(): void {
    this.bindGroups.clear();
  }

  /** To be called when everything recorded was submitted: destroys the uniform buffers that were dropped meanwhile. */
  submitted(): void {
    for (const buffer of this.retired) buffer.destroy(); // the GPU keeps it until its commands have run
    this.retired = [];
  }

  counts(): { bindGroups: number; pipelines: number; uniformBuffers: number } {
    const uniformBuffers = this.uniforms.size + this.retired.length;
    return { bindGroups: this.bindGroups.size, pipelines: this.pipelines.size, uniformBuffers };
  }

  private async compiled(key: string, kernel: KernelSource, constants: Readonly<Record<string, number>>): Promise<void> {
    let attempt: Attempt;
    const pipeline = await this.faults.compiled(
      () => this.device.createComputePipelineAsync(this.describe((attempt = this.attempt(kernel, constants)))),
      (cause) => this.condemn(key, attempt, cause),
    );
    this.pipelines.set(key, { pipeline });
  }

  /** The pipeline of a kernel with these constants, found without building a key. */
  private variant(kernel: KernelSource, constants: Readonly<Record<string, number>>): Pipeline {
    const variants = (this.variants[this.kernelId(kernel)] ??= []);
    for (const known of variants) if (agree(kernel.constants, known.constants, constants)) return known.pipeline;
    const pipeline = this.pipeline(kernel, constants);
    variants.push({ constants: { ...constants }, pipeline });
    return pipeline;
  }

  private pipeline(kernel: KernelSource, constants: Readonly<Record<string, number>>): Pipeline {
    const key = this.pipelineKey(kernel, constants);
    const known = this.pipelines.get(key);
    if (known) return known;
    const error = this.broken.get(key);
    if (error) throw error;
    let attempt: Attempt;
    const { made, refusal } = this.faults.tried(() =>
      this.device.createComputePipeline(this.describe((attempt = this.attempt(kernel, constants)))),
    );
    const pipeline: Pipeline = { pipeline: made };
    pipeline.doubt = refusal.then((cause) => {
      if (cause) return this.condemn(key, attempt, cause);
      pipeline.doubt = undefined;
    });
    this.pipelines.set(key, pipeline);
    return pipeline;
  }

  /** Keeps the error of a kernel that the driver refuses, for all later calls. */
  private async condemn(key: string, attempt: Attempt, cause: unknown): Promise<PyramidFlowError> {
    const error =
      (await this.help?.explainCompile(this.device, attempt, cause)) ?? compileError(`kernel ${attempt.label}`, cause);
    this.pipelines.delete(key);
    this.variants[this.kernelId(attempt.kernel)] = [];
    this.broken.set(key, error);
    return error;
  }

  private attempt(kernel: KernelSource, constants: Readonly<Record<string, number>>): Attempt {
    this.help?.checkConstantValues(kernel, constants);
    const label = nameOf(kernel, constants);
    const module = this.device.createShaderModule({ label, code: specialised(kernel, constants, label) });
    return { kernel, constants, label, module };
  }

  private describe({ kernel, label, module }: Attempt): GPUComputePipelineDescriptor {
    return { label, layout: this.layout(kernel).pipeline, compute: { module, entryPoint: kernel.entry } };
  }

  private layout(kernel: KernelSource): Layouts {
    const id = this.kernelId(kernel);
    let layouts = this.layouts.get(id);
    if (!layouts) {
      const bindGroup = this.device.createBindGroupLayout(bindGroupLayout(kernel));
      const pipeline = this.device.createPipelineLayout({ label: kernel.name, bindGroupLayouts: [bindGroup] });
      layouts = { bindGroup, pipeline };
      this.layouts.set(id, layouts);
    }
    return layouts;
  }

  private bindGroup<T extends string, U extends string>(
    kernel: KernelSource<T, U>,
    { tensors, uniforms }: Pick<KernelCall<T, U, never>, 'tensors' | 'uniforms'>,
  ): GPUBindGroup {
    const uniform = kernel.uniforms && this.uniform(kernel, kernel.uniforms, uniforms);
    const { words } = this;
    let length = 0;
    words[length++] = this.kernelId(kernel);
    if (uniform) words[length++] = this.id(uniform);
    for (const { name } of kernel.tensors) {
      const { slice } = tensors[name as T];
      words[length++] = this.id(slice.buffer);
      words[length++] = slice.offset;
      words[length++] = slice.size;
    }
    let group = this.bindGroups.get(words, length)?.group;
    if (!group) {
      const bound = kernel.tensors.map(({ name, binding }) => ({ name, binding, tensor: tensors[name as T] }));
      this.help?.checkBuffers(kernel, tensors, this.device);
      const entries: GPUBindGroupEntry[] = bound.map(({ binding, tensor }) => ({ binding, resource: tensor.slice }));
      if (kernel.uniforms && uniform) entries.push({ binding: kernel.uniforms.binding, resource: { buffer: uniform } });
      const label = `${kernel.name}(${bound.map(({ name, tensor }) => `${name} = ${tensor.label}`).join(', ')})`;
      group = this.device.createBindGroup({ label, layout: this.layout(kernel).bindGroup, entries });
      this.bindGroups.set(words, length, { group, uniform });
    }
    return group;
  }

  /** The buffer of these uniforms, which kernels with the same bytes share. */
  private uniform(
    kernel: KernelSource,
    { size, fields }: NonNullable<KernelSource['uniforms']>,
    values: Readonly<Record<string, number>>,
  ): GPUBuffer {
    this.help?.checkUniforms(kernel, values);
    const length = size / 4;
    this.uniformWords.fill(0, 0, length);
    writeUniforms(this.uniformBytes, fields, values);
    let buffer = this.uniforms.get(this.uniformWords, length);
    if (!buffer) {
      const usage = BUFFER_USAGE.UNIFORM | BUFFER_USAGE.COPY_DST;
      buffer = this.faults.createBuffer({ label: `uniforms ${kernel.name}`, size, usage });
      this.device.queue.writeBuffer(buffer, 0, this.uniformWords, 0, length);
      this.uniforms.set(this.uniformWords, length, buffer);
    }
    return buffer;
  }

  /** Commands recorded so far may still use these buffers, but their bind groups are dropped. */
  private retire(dropped: ReadonlySet<GPUBuffer>): void {
    this.bindGroups.remove(({ uniform }) => uniform !== undefined && dropped.has(uniform));
    this.retired.push(...dropped);
  }

  private pipelineKey(kernel: KernelSource, constants: Readonly<Record<string, number>>): string {
    return `${this.kernelId(kernel)}<${settings(kernel, constants)}`;
  }

  private kernelId(kernel: KernelSource): number {
    let id = this.kernelIds.get(kernel);
    if (id === undefined) {
      const text = `${kernel.name}\n${kernel.text}`;
      id = this.kernelIdsByText.get(text) ?? this.kernelIdsByText.size;
      this.kernelIdsByText.set(text, id);
      this.kernelIds.set(kernel, id);
    }
    return id;
  }

  private id(buffer: GPUBuffer): number {
    let id = this.bufferIds.get(buffer);
    if (id === undefined) this.bufferIds.set(buffer, (id = this.nextId++));
    return id;
  }
}

/** Whether two sets of constants give a kernel the same values. */
function agree(names: readonly string[], a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): boolean {
  for (const name of names) if (a[name] !== b[name]) return false;
  return true;
}

/** The text of a kernel with its constants. Throws UsageError for constants with which a loop cannot be unrolled. */
function specialised({ text }: KernelSource, constants: Readonly<Record<string, number>>, label: string): string {
  try {
    return specialise(text, constants);
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    throw new PyramidFlowError('UsageError', `kernel ${label}, ${error.message}`, 'pass other constants');
  }
}

/** A kernel as labels and errors name it. */
function nameOf(kernel: KernelSource, constants: Readonly<Record<string, number>>): string {
  return kernel.constants.length ? `${kernel.name}<${settings(kernel, constants)}>` : kernel.name;
}

const settings = (kernel: KernelSource, constants: Readonly<Record<string, number>>): string =>
  kernel.constants.map((name) => `${name}=${constants[name] ?? 'default'}`).join();
