import { byId } from './dom';
import { show } from './notices';
import type { PartImage } from './state';

/** What becomes of files that a user chose or dropped. */
export interface Receivers {
  images(images: PartImage[]): void;
  goodParts(images: PartImage[]): void;
  model(file: File): void;
}

const MODEL = /\.safetensors$/i;
const IMAGE = /\.(png|jpe?g|webp|bmp|gif|avif)$/i;
const NAMED = 3; // refused files that a message names

/** Files of images as the page takes them; all others are refused in one message, models go to the receiver. */
export function sortFiles(files: readonly File[], model: ((file: File) => void) | undefined): PartImage[] {
  const isModel = (file: File) => MODEL.test(file.name);
  const isImage = (file: File) => file.type.startsWith('image/') || IMAGE.test(file.name);
  const chosen = model && files.find(isModel);
  if (chosen) model(chosen);
  refuse(files.filter((file) => !isImage(file) && !(model && isModel(file))));
  return files
    .filter(isImage)
    .map((file) => ({ name: file.webkitRelativePath || file.name, source: file }))
    .sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}

function refuse(files: readonly File[]): void {
  if (!files.length) return;
  const names = files
    .slice(0, NAMED)
    .map(({ name }) => name)
    .join(', ');
  const more = files.length > NAMED ? ` and ${files.length - NAMED} more` : '';
  const problem = `${names}${more} ${files.length === 1 ? 'is not an image' : 'are not images'}`;
  show({
    code: 'DataError',
    problem,
    remedy: 'give png, jpg, webp, bmp or gif files, or a model that ends in .safetensors',
  });
}

/** Images, folders and models come by file inputs, and by dropping them anywhere on the page. */
export function connectInputs(receivers: Receivers): void {
  const inputs = {
    'image-files': receivers.images,
    'image-folder': receivers.images,
    'good-files': receivers.goodParts,
  };
  for (const [id, receive] of Object.entries(inputs)) {
    const input = byId<HTMLInputElement>(id);
    input.addEventListener('change', () => {
      const files = [...(input.files ?? [])];
      input.value = ''; // the same files may be chosen again
      receive(sortFiles(files, undefined));
    });
  }
  const { body } = document;
  const learn = byId('learn');
  const onLearn = (event: DragEvent) => learn.contains(event.target as Node);
  const mark = (over?: 'page' | 'learn') => (over ? (body.dataset.drop = over) : delete body.dataset.drop);
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    mark(onLearn(event) ? 'learn' : 'page');
  });
  document.addEventListener('dragleave', (event) => !event.relatedTarget && mark());
  document.addEventListener('drop', async (event) => {
    event.preventDefault();
    mark();
    const good = onLearn(event);
    const images = sortFiles(await droppedFiles(event.dataTransfer!), receivers.model);
    if (images.length) (good ? receivers.goodParts : receivers.images)(images);
  });
}

/** The files that were dropped, those in folders among them. */
async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  // all entries are taken before the first wait, after which the browser empties the list
  const dropped = [...transfer.items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const files = await Promise.all(dropped.map((one) => (one instanceof File ? [one] : one ? filesIn(one) : [])));
  return files.flat();
}

async function filesIn(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    return [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found; // a reader gives a hundred at a time
    for (const inner of some) found.push(...(await filesIn(inner)));
  }
}
