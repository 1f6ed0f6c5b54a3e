import { checkUniforms } from './call-checks';
import { compileError } from './device-errors';
import { BUFFER_USAGE } from './flags';
import { packUniforms, type UniformField } from './kernel';
import type { Runtime } from './runtime';

/**
 * A shader that fills a render target with one triangle, as the build reads it from its file (tools/wgsl-plugin.ts).
 *
 * @typeParam B names of the resources that a call passes
 * @typeParam U names of the uniforms that a call passes
 */
export interface RenderSource<B extends string = string, U extends string = string> {
  readonly name: string;
  readonly text: string;
  readonly vertex: string;
  readonly fragment: string;
  readonly bindings: readonly { readonly name: B | (string & {}); readonly binding: number }[];
  readonly uniforms: { readonly binding: number; readonly size: number; readonly fields: readonly UniformField[] };
  /** Never set; it tells the type checker the names of the uniforms. */
  readonly uniformNames?: readonly U[];
}

/** Draws with one render shader, into textures of one format. */
export class Renderer<B extends string, U extends string> {
  private readonly uniforms: GPUBuffer;

  private constructor(
    private readonly gpu: Runtime,
    private readonly source: RenderSource<B, U>,
    private readonly pipeline: GPURenderPipeline,
  ) {
    const usage = BUFFER_USAGE.UNIFORM | BUFFER_USAGE.COPY_DST;
    this.uniforms = gpu.faults.createBuffer({ label: source.name, size: source.uniforms.size, usage });
  }

  static async create<B extends string, U extends string>(
    gpu: Runtime,
    source: RenderSource<B, U>,
    format: GPUTextureFormat,
  ): Promise<Renderer<B, U>> {
    const { name: label, text: code, vertex, fragment } = source;
    const make = () => {
      const module = gpu.device.createShaderModule({ label, code });
      return gpu.device.createRenderPipelineAsync({
        label,
        layout: 'auto',
        vertex: { module, entryPoint: vertex },
        fragment: { module, entryPoint: fragment, targets: [{ format }] },
      });
    };
    const pipeline = await gpu.faults.compiled(make, (cause) => compileError(`shader ${label}`, cause));
    return new Renderer(gpu, source, pipeline);
  }

  /** Draws after everything recorded so far, and submits. */
  draw(
    target: GPUTextureView,
    resources: Readonly<Record<B, GPUBindingResource>>,
    values: Readonly<Record<U, number>>,
  ): void {
    const { gpu, source, pipeline, uniforms } = this;
    checkUniforms(source, values);
    gpu.write({ buffer: uniforms, offset: 0, size: uniforms.size }, new Uint8Array(packUniforms(source, values)));
    const entries: GPUBindGroupEntry[] = source.bindings.map(({ name, binding }) => ({
      binding,
      resource: resources[name as B],
    }));
    entries.push({ binding: source.uniforms.binding, resource: { buffer: uniforms } });
    const layout = pipeline.getBindGroupLayout(0);
    gpu.encode((encoder) => {
      const attachment: GPURenderPassColorAttachment = { view: target, loadOp: 'clear', storeOp: 'store' };
      const pass = encoder.beginRenderPass({ label: source.name, colorAttachments: [attachment] });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, gpu.device.createBindGroup({ label: source.name, layout, entries }));
      pass.draw(3);
      pass.end();
    });
    gpu.flush();
  }
}
