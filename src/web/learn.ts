// What a page needs to learn and to save. It is a file of its own, which is loaded at the first use.

export { encodeCheckpoint } from '../checkpoint/encode';
export { learnTemplate } from '../training/learn-template';
export { trainInWorker } from './train-in-worker';
