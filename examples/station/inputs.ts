import { byId } from './dom';
import { show } from './notices';
import type { PartImage } from './state';

/** Who takes the files that a user chose or dropped. */
export interface Receivers {
  images(images: PartImage[]): void;
  goodParts(images: PartImage[]): void;
  model(file: File): void;
}

const MODEL = /\.safetensors$/i;
const IMAGE = /\.(png|jpe?g|webp|bmp|gif|avif)$/i;
const MOST_NAMES = 3; // in a message about refused files

/** The images among the files, in the order of their names. A model goes to `model`; one message refuses the others. */
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
    .slice(0, MOST_NAMES)
    .map(({ name }) => name)
    .join(', ');
  const more = files.length > MOST_NAMES ? ` and ${files.length - MOST_NAMES} more` : '';
  const problem = `${names}${more} ${files.length === 1 ? 'is not an image' : 'are not images'}`;
  show({
    code: 'DataError',
    problem,
    remedy: 'choose png, jpg, webp, bmp or gif files, or a model that ends in .safetensors',
  });
}

/** Takes images, folders and models from the file inputs, and from drops anywhere on the page. */
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
      input.value = ''; // so that the same files can be chosen again
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

/** All dropped files, including those inside folders. */
async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  // take all entries before the first await, after which the browser empties the list
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
    if (!some.length) return found; // a reader returns at most a hundred at a time
    for (const inner of some) found.push(...(await filesIn(inner)));
  }
}
