import { strict as assert } from 'node:assert';

/** The disk of one machine: what was written survives every process that wrote it. */
export class SimMachine {
  readonly name: string;
  readonly #files = new Map<string, Uint8Array>();
  /** What each file held before its last replacement. */
  readonly #before = new Map<string, Uint8Array>();

  constructor(name: string) {
    this.name = name;
  }

  get files(): readonly string[] {
    return [...this.#files.keys()].sort();
  }

  /** Names of what is in a folder, sorted, as Files.list gives them. */
  list(folder: string): string[] {
    const prefix = folder.endsWith('/') ? folder : `${folder}/`;
    const inside = this.files.filter((file) => file.startsWith(prefix));
    return [...new Set(inside.map((file) => file.slice(prefix.length).split('/')[0] ?? ''))];
  }

  /** A copy; undefined if there is no such file. */
  read(file: string): Uint8Array | undefined {
    return this.#files.get(file)?.slice();
  }

  write(file: string, bytes: Uint8Array): void {
    const old = this.#files.get(file);
    if (old !== undefined) this.#before.set(file, old);
    this.#files.set(file, bytes.slice());
  }

  remove(file: string): void {
    this.#files.delete(file);
  }

  /** Damage: the file is cut off after `bytes` bytes. */
  tear(file: string, bytes: number): void {
    this.#files.set(file, this.#existing(file).slice(0, bytes));
  }

  /** Damage: one bit is turned over; `bit` counts from the first byte's highest. */
  flipBit(file: string, bit: number): void {
    const bytes = this.#existing(file).slice();
    const index = Math.floor(bit / 8);
    assert(index < bytes.length, `${file} has no bit ${bit}`);
    bytes[index] = (bytes[index] ?? 0) ^ (0x80 >> (bit % 8));
    this.#files.set(file, bytes);
  }

  /** As from an old backup: what the file held before, or no file when it held nothing. */
  makeStale(file: string): void {
    const old = this.#before.get(file);
    if (old === undefined) this.#files.delete(file);
    else this.#files.set(file, old);
  }

  #existing(file: string): Uint8Array {
    const bytes = this.#files.get(file);
    assert(bytes !== undefined, `${this.name} has no file ${file}`);
    return bytes;
  }
}
