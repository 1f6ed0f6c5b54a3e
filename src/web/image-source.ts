import { PyramidFlowError } from '../core/errors';

/** Whatever a page may have an image in. */
export type ImageSource = Blob | DrawnSource;

/** An image that a page can draw as it is. */
export type DrawnSource =
  | ImageBitmap
  | ImageData
  | HTMLImageElement
  | HTMLVideoElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | VideoFrame;

/** The stored colours: upright, but with no profile applied and alpha left alone, as src/node/files/image-file.ts reads them. */
const AS_STORED: ImageBitmapOptions = {
  imageOrientation: 'from-image',
  colorSpaceConversion: 'none',
  premultiplyAlpha: 'none',
};
const FORMATS = 'give an undamaged png, jpg, webp, bmp or gif file';

/**
 * The pixels of an image as they are now, decoded off the main thread where the browser can. A bitmap is the caller's to
 * close. Throws DataError for what is no image, or has none yet.
 */
export async function decodeImage(source: ImageSource): Promise<ImageBitmap | ImageData> {
  if (is('ImageData', source)) return source;
  if (is('HTMLImageElement', source) && !source.complete) await source.decode().catch(() => undefined);
  if (is('HTMLVideoElement', source) && source.readyState < HAVE_CURRENT_DATA) {
    throw new PyramidFlowError('DataError', 'the video has no frame yet', 'wait for its event loadeddata');
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

/** Whether a value is of a class of this page; a worker lacks some of them. */
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

const HAVE_CURRENT_DATA = 2; // HTMLMediaElement.HAVE_CURRENT_DATA

function unreadable(source: unknown, cause: unknown): PyramidFlowError {
  if (cause instanceof TypeError) {
    const accepted = 'give an ImageBitmap, an image, video or canvas element, a VideoFrame, ImageData or a Blob';
    return new PyramidFlowError('DataError', 'what was given is no image', accepted, { cause });
  }
  if (!is('Blob', source)) {
    return new PyramidFlowError('DataError', 'there is no image in what was given', 'wait until it is loaded or drawn', {
      cause,
    });
  }
  const name = is('File', source) ? source.name : 'the file';
  return new PyramidFlowError('DataError', `${name} cannot be read as an image`, FORMATS, { cause });
}
