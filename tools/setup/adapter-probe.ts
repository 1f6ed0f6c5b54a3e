import { create } from 'webgpu';
import { requestDevice } from '../../src/gpu/device';

// Opens the device that the project would use and prints its name as JSON. A separate program, because a broken
// driver can crash the process. What `create` returns has to live as long as the device.
const dawn = create([]);
const { adapter } = await requestDevice(dawn);
console.log(JSON.stringify({ name: adapter.description || adapter.device, software: adapter.software }));
process.exit(0);
