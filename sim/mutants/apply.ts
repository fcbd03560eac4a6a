import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutants.ts';

/** The source as it is. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What is not source: large, or of no use to a run. */
const LEFT_OUT = new Set(['.git', '.bursar', 'node_modules', 'coverage', 'report']);

/** A copy of the source with a bug in it. */
export interface MutantTree {
  readonly root: string;
  remove(): Promise<void>;
}

/** @throws Error when an edit no longer fits the source: the mutant has to be written anew */
export async function plant(mutant: Mutant): Promise<MutantTree> {
  const root = await mkdtemp(path.join(tmpdir(), `bursar-mutant-${mutant.name}-`));
  for (const name of await readdir(ROOT)) {
    if (!LEFT_OUT.has(name))
      await cp(path.join(ROOT, name), path.join(root, name), { recursive: true });
  }
  await symlink(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'), 'dir');
  for (const { file, find, replace } of mutant.edits) {
    const source = await readFile(path.join(root, file), 'utf8');
    await writeFile(
      path.join(root, file),
      edited(source, find, replace, `${mutant.name}: ${file}`),
    );
  }
  return { root, remove: () => rm(root, { recursive: true, force: true }) };
}

/** @param where for the error */
export function edited(source: string, find: string, replace: string, where: string): string {
  const count = source.split(find).length - 1;
  if (count !== 1)
    throw new Error(`${where} holds ${count} times what is to be replaced, not once`);
  return source.replace(find, () => replace);
}
