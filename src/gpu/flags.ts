// The values of GPUBufferUsage, GPUTextureUsage, GPUMapMode and GPUShaderStage, since Node does not have these globals.

export const BUFFER_USAGE = {
  MAP_READ: 0x01,
  COPY_SRC: 0x04,
  COPY_DST: 0x08,
  UNIFORM: 0x40,
  STORAGE: 0x80,
  QUERY_RESOLVE: 0x200,
} as const;

export const TEXTURE_USAGE = {
  COPY_SRC: 0x01,
  COPY_DST: 0x02,
  TEXTURE_BINDING: 0x04,
  RENDER_ATTACHMENT: 0x10,
} as const;

export const MAP_MODE = { READ: 0x01 } as const;

export const SHADER_STAGE = { COMPUTE: 0x04 } as const;
