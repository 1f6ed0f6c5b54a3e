import { PyramidFlowError } from '../core/errors';

/** Everything a page may hold an image in: a file (png, jpg, webp, bmp, gif), an element, a bitmap, a video frame, pixels. */
export type ImageSource = Blob | DrawnSource;

/** An image that can be drawn at once, without decoding. */
export type DrawnSource =
  | ImageBitmap
  | ImageData
  | HTMLImageElement
  | HTMLVideoElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | VideoFrame;

/** The stored colours: upright, but no colour profile applied and alpha not multiplied in, as Node's image files are read. */
const AS_STORED: ImageBitmapOptions = {
  imageOrientation: 'from-image',
  colorSpaceConversion: 'none',
  premultiplyAlpha: 'none',
};
const HAVE_CURRENT_DATA = 2; // HTMLMediaElement.HAVE_CURRENT_DATA, which workers lack

/**
 * The pixels that an image has now, decoded off the main thread where the browser can. The caller closes a bitmap.
 *
 * @throws DataError where the source is not an image, is damaged, or is not loaded yet
 */
export async function decodeImage(source: ImageSource): Promise<ImageBitmap | ImageData> {
  if (is('ImageData', source)) return source;
  if (is('HTMLImageElement', source) && !source.complete) await source.decode().catch(() => undefined);
  if (is('HTMLVideoElement', source) && source.readyState < HAVE_CURRENT_DATA) {
    throw new PyramidFlowError('DataError', 'the video has no frame yet', 'wait for its loadeddata event');
  }
  try {
    return await createImageBitmap(source, AS_STORED);
  } catch (cause) {
    throw unreadable(source, cause);
  }
}

/** Width and height in pixels of an image that is ready to be drawn. */
export function sizeOf(source: DrawnSource): { width: number; height: number } {
  if (is('HTMLImageElement', source)) return { width: source.naturalWidth, height: source.naturalHeight };
  if (is('HTMLVideoElement', source)) return { width: source.videoWidth, height: source.videoHeight };
  if (is('VideoFrame', source)) return { width: source.displayWidth, height: source.displayHeight };
  return source;
}

/** Whether a value is an instance of a browser class; workers lack some of them, so `instanceof` would throw. */
export function is<N extends keyof Classes>(name: N, value: unknown): value is Classes[N] {
  const type = (globalThis as Record<string, unknown>)[name];
  return typeof type === 'function' && value instanceof type;
}

interface Classes {
  Blob: Blob;
  File: File;
  ImageBitmap: ImageBitmap;
  ImageData: ImageData;
  HTMLImageElement: HTMLImageElement;
  HTMLVideoElement: HTMLVideoElement;
  HTMLCanvasElement: HTMLCanvasElement;
  VideoFrame: VideoFrame;
}

function unreadable(source: unknown, cause: unknown): PyramidFlowError {
  const error = (problem: string, remedy: string) => new PyramidFlowError('DataError', problem, remedy, { cause });
  if (cause instanceof TypeError) {
    const accepted = 'an ImageBitmap, an image, video or canvas element, a VideoFrame, ImageData or a Blob';
    return error('this value is not an image', `pass ${accepted}`);
  }
  if (!is('Blob', source)) return error('the image is not loaded yet', 'wait until it is loaded or drawn');
  const name = is('File', source) ? source.name : 'the file';
  return error(`${name} cannot be read as an image`, 'choose an undamaged png, jpg, webp, bmp or gif file');
}
