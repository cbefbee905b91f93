/** A file together with the folder path it was dropped or chosen with. */
export type PickedFile = { file: File; path: string };

/** Files that systems leave in folders and nobody means to send. */
const LITTER = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini']);

function isLitter(path: string): boolean {
  return LITTER.has(path.split('/').at(-1) ?? '') || path.startsWith('__MACOSX/');
}

function readAll(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => {
    const all: FileSystemEntry[] = [];
    // A directory reader hands out at most 100 entries at a time, and an empty list at the end.
    const next = (): void =>
      reader.readEntries((entries) => {
        if (entries.length === 0) return resolve(all);
        all.push(...entries);
        next();
      }, reject);
    next();
  });
}

async function walk(entry: FileSystemEntry, folder: string): Promise<PickedFile[]> {
  const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ file, path }];
  }
  const children = await readAll((entry as FileSystemDirectoryEntry).createReader());
  const picked: PickedFile[] = [];
  for (const child of children) picked.push(...(await walk(child, path)));
  return picked;
}

/** Files and whole folders of a drop or a paste, with their structure. */
export async function filesOfTransfer(transfer: DataTransfer): Promise<PickedFile[]> {
  // The list of items is emptied as soon as the event is over: take the entries first, then walk them.
  const items = [...transfer.items].filter((item) => item.kind === 'file');
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
  const loose = items.map((item) => item.getAsFile());
  const picked: PickedFile[] = [];
  for (const [index, entry] of entries.entries()) {
    const file = loose[index];
    if (entry) picked.push(...(await walk(entry, '')));
    else if (file) picked.push({ file, path: file.name });
  }
  return picked.filter(({ path }) => !isLitter(path));
}

/** Files of an `<input type="file">`, with or without `webkitdirectory`. */
export function filesOfInput(list: FileList | null): PickedFile[] {
  return [...(list ?? [])]
    .map((file) => ({ file, path: file.webkitRelativePath || file.name }))
    .filter(({ path }) => !isLitter(path));
}
