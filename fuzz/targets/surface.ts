import type { Chance } from '../chance.ts';
import { holdReply, isMalformed } from '../surface/expected.ts';
import { decodePosts, encodePosts, type Post, smallerPosts, wildPost } from '../surface/post.ts';
import { Stage } from '../surface/stage.ts';
import { type FuzzInput, hold, type Target } from '../target.ts';

const POSTS_MAX = 60;
const TRAFFIC_EVERY = 12;

/** A real writer in the simulated world, and everything that somebody with credentials may send. */
export const surfaceTarget: Target = {
  name: 'surface',
  about:
    'messages to a real writer in the simulated world: each gets its answer, the writer serves on ' +
    'under the same claim, the log can be replayed and gives the balances that are answered, also ' +
    'after the next writer took over; malformed ones alone leave log and balances as they were, ' +
    'while others’ requests are granted and settled',
  isWaiting: true,
  make: (chance: Chance) => {
    const kind = chance.oneIn(2) ? 'malformed' : 'mixed';
    const posts: Post[] = [];
    for (let tries = chance.upTo(POSTS_MAX); tries >= 0; tries -= 1) {
      const post = wildPost(chance);
      if (kind === 'mixed' || isMalformed(post)) posts.push(post);
    }
    return { how: kind, bytes: encodePosts(posts) };
  },
  check: async ({ how, bytes }: FuzzInput) => {
    const stage = new Stage();
    await stage.open();
    const posts = decodePosts(bytes);
    if (how === 'malformed') await checkMalformed(stage, posts);
    else await checkMixed(stage, posts);
  },
  *smaller({ how, bytes }: FuzzInput) {
    for (const posts of smallerPosts(decodePosts(bytes))) {
      yield { how, bytes: encodePosts(posts) };
    }
  },
};

/** Nothing of it can be decided: log and books stay word for word. */
async function checkMalformed(stage: Stage, posts: readonly Post[]): Promise<void> {
  await stage.perform(async () => {
    let books = await stage.books();
    let { lastSeq } = stage;
    for (const [no, post] of posts.entries()) {
      hold(isMalformed(post), 'only malformed messages are sent');
      const reply = await stage.send(post);
      if (reply !== undefined) holdReply(post, reply);
      hold(stage.lastSeq === lastSeq, 'the log is as long as before a malformed message');
      if (no % TRAFFIC_EVERY !== 0) continue;
      hold((await stage.books()) === books, 'the books are as before the malformed messages');
      const outcomes = (await stage.sendTraffic()).map(({ outcome }) => outcome);
      hold(outcomes.join() === 'granted,settled', `others are served: ${outcomes.join()}`);
      books = await stage.books();
      lastSeq = stage.lastSeq;
    }
    hold((await stage.books()) === books, 'the books are as before the malformed messages');
    await stage.holdLogAndBooks();
  });
  holdNoComplaint(stage);
}

/** Some of it can be decided: whatever is recorded can be read and adds up. */
async function checkMixed(stage: Stage, posts: readonly Post[]): Promise<void> {
  const { epochs } = stage;
  await stage.perform(async () => {
    for (const post of posts) {
      const reply = await stage.send(post);
      if (reply !== undefined) holdReply(post, reply);
    }
    await stage.holdLogAndBooks();
  });
  hold(stage.epochs.join() === epochs.join(), 'the writer serves under the same claims');
  holdNoComplaint(stage);
  const books = await stage.perform(() => stage.books());
  await stage.startWriter();
  await stage.perform(() => stage.holdLogAndBooks());
  hold(books.length > 0, 'the books could be read');
  holdNoComplaint(stage);
}

/** An error or worse in the log of a writer: nothing that is sent may bring it about. */
function holdNoComplaint({ complaints }: Stage): void {
  const [worst] = complaints.filter((line) => /"level":[56]0/.test(line));
  hold(worst === undefined, `the writer has nothing to complain of: ${worst?.slice(0, 300)}`);
}
