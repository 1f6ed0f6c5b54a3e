import type { PartImage } from './state';

/** Draws an image into a canvas whose longer side becomes `side` pixels. An unreadable image leaves the canvas empty. */
export async function drawSmall(canvas: HTMLCanvasElement, { source }: PartImage, side: number): Promise<void> {
  const image = await createImageBitmap(source as ImageBitmapSource).catch(() => undefined);
  if (!image) return;
  const zoom = side / Math.max(image.width, image.height);
  [canvas.width, canvas.height] = [image.width, image.height].map((length) => Math.max(1, Math.round(length * zoom)));
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
}
