import type { Files } from '../../host/host.ts';

/** Files in memory. */
export class MemoryFiles implements Files {
  readonly content = new Map<string, Uint8Array>();

  async read(file: string): Promise<Uint8Array | undefined> {
    return this.content.get(file);
  }

  async replace(file: string, bytes: Uint8Array): Promise<void> {
    this.content.set(file, bytes);
  }

  async remove(file: string): Promise<void> {
    this.content.delete(file);
  }

  async list(folder: string): Promise<string[]> {
    const names = [...this.content.keys()].filter((name) => name.startsWith(`${folder}/`));
    return names.map((name) => name.slice(folder.length + 1)).sort();
  }
}
