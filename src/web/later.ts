// What few pages need: to learn, to save, to resize images larger than the GPU can bind. It is a file of its own, which is loaded at
// the first use.

export { encodeCheckpoint } from '../checkpoint/encode';
export { resizedPixels } from './large-image';
export { relearn } from './relearn';
export { trainInWorker } from './train-in-worker';
