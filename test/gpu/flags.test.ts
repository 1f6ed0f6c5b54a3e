import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { globals } from 'webgpu';
import { BUFFER_USAGE, MAP_MODE, SHADER_STAGE, TEXTURE_USAGE } from '../../src/gpu/flags';

test('flags are those of the platform', () => {
  const pairs = {
    GPUBufferUsage: BUFFER_USAGE,
    GPUTextureUsage: TEXTURE_USAGE,
    GPUMapMode: MAP_MODE,
    GPUShaderStage: SHADER_STAGE,
  };
  for (const [name, flags] of Object.entries(pairs)) {
    const platform = (globals as Record<string, Record<string, number>>)[name];
    for (const [flag, value] of Object.entries(flags)) assert.is(value, platform[flag], `${name}.${flag}`);
  }
});

test.run();
