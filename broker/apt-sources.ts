import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One archive of an apt source file, with the suites that are taken from it. */
export type AptSource = {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
};

/**
 * The mirrors from which this system takes the main archive of its own release, in the order of
 * its apt source files. They are read from the files, because apt's own listing is empty before
 * its first update.
 *
 * @param aptDir normally `/etc/apt`
 * @param release codename of the system's release, such as `bookworm`
 */
export function mirrorsOf(aptDir: string, release: string): string[] {
  const names = new Set([release, 'stable', 'testing', 'unstable', 'oldstable', 'sid']);
  const mirrors = sourcesIn(aptDir)
    .filter((source) => source.suites.some((suite) => names.has(suite)))
    .filter((source) => source.components.includes('main'))
    .flatMap((source) => source.uris)
    .filter((uri) => /^https?:\/\//.test(uri))
    .map((uri) => uri.replace(/\/+$/, ''));
  return [...new Set(mirrors)];
}

function sourcesIn(aptDir: string): AptSource[] {
  const parts = path.join(aptDir, 'sources.list.d');
  const files = [
    path.join(aptDir, 'sources.list'),
    ...(existsSync(parts) ? readdirSync(parts).sort() : []).map((name) => path.join(parts, name)),
  ];
  return files.filter(existsSync).flatMap((file) => {
    if (file.endsWith('.sources')) return parseDeb822Sources(readFileSync(file, 'utf8'));
    if (file.endsWith('.list')) return parseOneLineSources(readFileSync(file, 'utf8'));
    return [];
  });
}

/** Reads the `deb [options] uri suite component…` form. */
export function parseOneLineSources(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
    if (match === null) return [];
    const [, uri = '', suite = '', components = ''] = match;
    return [{ uris: [uri], suites: [suite], components: words(components) }];
  });
}

/** Reads the deb822 form: stanzas of `Field: value`, continued by indented lines. */
export function parseDeb822Sources(text: string): AptSource[] {
  const stanzas = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .split(/\n\s*\n/);
  return stanzas.flatMap((stanza) => {
    const fields = new Map<string, string>();
    for (const field of stanza.replace(/\n[ \t]+/g, ' ').split('\n')) {
      const colon = field.indexOf(':');
      if (colon > 0) fields.set(field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim());
    }
    const isUsed = words(fields.get('types')).includes('deb') && fields.get('enabled') !== 'no';
    if (!isUsed) return [];
    return [
      {
        uris: words(fields.get('uris')),
        suites: words(fields.get('suites')),
        components: words(fields.get('components')),
      },
    ];
  });
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter(Boolean);
}
