/** A member of a heap: knows its place, so that it can be taken out or moved. */
export interface Placed {
  /** Index in the heap; -1 when it is not in it. */
  place: number;
}

/** A binary heap whose members know their place: the first in O(1), all else in O(log n). */
export class PlacedHeap<Member extends Placed> {
  readonly #members: Member[] = [];
  readonly #isBefore: (a: Member, b: Member) => boolean;

  constructor(isBefore: (a: Member, b: Member) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#members.length;
  }

  get first(): Member | undefined {
    return this.#members[0];
  }

  /** @param member in no heap */
  add(member: Member): void {
    member.place = this.#members.length;
    this.#members.push(member);
    this.#rise(member);
  }

  /** Takes out a member, which is in. */
  remove(member: Member): void {
    const { place } = member;
    const last = this.#members.pop() as Member;
    member.place = -1;
    if (last === member) return;
    this.#put(last, place);
    this.moved(last);
  }

  /** Finds its place for a member of which the order has changed. */
  moved(member: Member): void {
    this.#sink(member);
    this.#rise(member);
  }

  #put(member: Member, place: number): void {
    this.#members[place] = member;
    member.place = place;
  }

  #rise(member: Member): void {
    while (member.place > 0) {
      const above = this.#members[(member.place - 1) >>> 1] as Member;
      if (!this.#isBefore(member, above)) return;
      const { place } = member;
      this.#put(member, above.place);
      this.#put(above, place);
    }
  }

  #sink(member: Member): void {
    const members = this.#members;
    for (;;) {
      const left = members[2 * member.place + 1];
      if (left === undefined) return;
      const right = members[left.place + 1];
      const child = right !== undefined && this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(child, member)) return;
      const { place } = member;
      this.#put(member, child.place);
      this.#put(child, place);
    }
  }
}
