import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { refusalIn } from '../../tools/setup/adapter';

test('a missing driver feature is the reason, before anything else', () => {
  const messages = `Warning: Vulkan shaderUniform*ArrayDynamicIndexing required.
 - While initializing adapter (backend=BackendType::Vulkan)
    at InitializeImpl (/x/PhysicalDeviceVk.cpp:257)

DeviceError: no WebGPU adapter was found; install a driver`;
  assert.is(refusalIn(messages), 'Vulkan shaderUniform*ArrayDynamicIndexing required');
});

test('no driver at all is the reason where the loader finds none', () => {
  const messages = `Warning: vkCreateInstance: Found no drivers!
Warning: vkCreateInstance failed with VK_ERROR_INCOMPATIBLE_DRIVER
PyramidFlowError: no WebGPU adapter was found`;
  assert.is(refusalIn(messages), 'vkCreateInstance: Found no drivers!');
});

test('an error of Node is the reason where Dawn itself does not load', () => {
  const messages = `node:internal/modules/cjs/loader:1
Error: libstdc++.so.6: cannot open shared object file
    at x`;
  assert.is(refusalIn(messages), 'Error: libstdc++.so.6: cannot open shared object file');
});

test('no message at all is reported as such', () => assert.is(refusalIn('\n'), 'Dawn gave no reason'));

test.run();
