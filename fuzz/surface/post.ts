import { decode, encode } from '../../events/codec.ts';
import type { Chance } from '../chance.ts';
import { wildRequest } from '../make/request.ts';

/** Who sends: somebody enrolled beneath acme/lab, the operator, somebody nobody has enrolled. */
const SENDERS = ['wile', 'operator', 'stranger'] as const;
export type Sender = (typeof SENDERS)[number];

/** One message as it leaves somebody with credentials. */
export interface Post {
  readonly sender: Sender;
  readonly op: string;
  readonly isJson: boolean;
  readonly wantsReply: boolean;
  readonly bytes: Uint8Array;
}

export function wildPost(chance: Chance): Post {
  const { op, form, bytes } = wildRequest(chance);
  return {
    sender: chance.pick(SENDERS),
    // A subject with an empty part is none.
    op: op === '' ? 'x' : op,
    isJson: form === 'json',
    wantsReply: !chance.oneIn(10),
    bytes,
  };
}

/** Several messages as one input. */
export function encodePosts(posts: readonly Post[]): Uint8Array {
  return encode(posts);
}

export function decodePosts(bytes: Uint8Array): Post[] {
  return decode(bytes, Number.MAX_SAFE_INTEGER) as Post[];
}

/** Fewer messages, then shorter ones. */
export function* smallerPosts(posts: readonly Post[]): Generator<Post[]> {
  for (let size = Math.ceil(posts.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < posts.length; at += size) {
      yield [...posts.slice(0, at), ...posts.slice(at + size)];
    }
  }
  if (posts.length > 4) return;
  for (const [no, post] of posts.entries()) {
    const { length } = post.bytes;
    const least = Math.max(1, Math.ceil(length / 64));
    for (let size = Math.ceil(length / 2); size >= least; size = Math.floor(size / 2)) {
      for (let at = 0; at < length; at += size) {
        const rest = Buffer.concat([post.bytes.subarray(0, at), post.bytes.subarray(at + size)]);
        yield posts.map((one, i) => (i === no ? { ...post, bytes: new Uint8Array(rest) } : one));
      }
    }
  }
}
