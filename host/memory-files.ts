import type { Files } from './host.ts';

/** Files that end with the process. */
export class MemoryFiles implements Files {
  readonly #files = new Map<string, Uint8Array>();

  async read(file: string): Promise<Uint8Array | undefined> {
    return this.#files.get(file)?.slice();
  }

  async replace(file: string, bytes: Uint8Array): Promise<void> {
    this.#files.set(file, bytes.slice());
  }

  async remove(file: string): Promise<void> {
    this.#files.delete(file);
  }

  async list(folder: string): Promise<string[]> {
    const prefix = `${folder}/`;
    const inside = [...this.#files.keys()].filter((file) => file.startsWith(prefix));
    const names = inside.map((file) => file.slice(prefix.length).split('/')[0] ?? '');
    return [...new Set(names)].sort();
  }
}
