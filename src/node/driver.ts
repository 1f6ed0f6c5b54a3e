/** By Node's name for the platform. */
const DRIVERS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux:
    "install the Vulkan driver of your GPU: NVIDIA's own, or for AMD and Intel Mesa 23.2 or newer, on Debian and Ubuntu " +
    'by `apt install mesa-vulkan-drivers`, which without a GPU computes on the CPU',
  darwin: 'Metal is part of macOS: update macOS',
  win32: 'install the current driver of your GPU: it brings Direct3D 12',
};

/** Where to get a driver for this machine's GPU. */
export const DRIVER = DRIVERS[process.platform] ?? 'install a driver with Vulkan, Metal or Direct3D 12';
