/**
 * Whether bytes `from` to `to` are whole characters in UTF-8, in their shortest form. A decoder that
 * does not look reads past the end of a text that is cut, and takes long forms for plain letters.
 * Half of a surrogate pair passes: encoders of JavaScript write it, and what is stored must be
 * readable. Free text in commands is asked for more.
 */
export function isUtf8(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to && (bytes[at] as number) < 0x80) at += 1;
  while (at < to) {
    const lead = bytes[at] as number;
    at += 1;
    if (lead < 0x80) continue;
    const following = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead < 0xc2 || lead > 0xf4 || at + following > to) return false;
    const second = bytes[at] as number;
    if (lead === 0xe0 && second < 0xa0) return false;
    if (lead === 0xf0 && second < 0x90) return false;
    if (lead === 0xf4 && second > 0x8f) return false;
    for (const end = at + following; at < end; at += 1) {
      if (((bytes[at] as number) & 0xc0) !== 0x80) return false;
    }
  }
  return true;
}
