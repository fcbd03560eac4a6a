/** What is to be done at a moment; whoever is due earlier, or was put in earlier, comes first. */
export interface Task {
  atMs: number;
  order: number;
  /** Its place in the heap; -1 when it is in none. */
  place: number;
}

/** A binary heap of tasks, out of which any can be taken. */
export class TaskHeap<Item extends Task> {
  readonly #tasks: Item[] = [];

  get size(): number {
    return this.#tasks.length;
  }

  peek(): Item | undefined {
    return this.#tasks[0];
  }

  put(task: Item): void {
    this.#tasks.push(task);
    this.#rise(task, this.#tasks.length - 1);
  }

  /** Takes a task out; nothing happens when it is not in. */
  take(task: Item): void {
    const { place } = task;
    if (place < 0) return;
    task.place = -1;
    const last = this.#tasks.pop() as Item;
    if (last === task) return;
    this.#rise(last, place);
    this.#sink(last, last.place);
  }

  #rise(task: Item, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#tasks[above] as Item;
      if (isBefore(parent, task)) break;
      this.#set(parent, place);
      place = above;
    }
    this.#set(task, place);
  }

  #sink(task: Item, from: number): void {
    const { length } = this.#tasks;
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= length) break;
      const right = below + 1;
      if (right < length && isBefore(this.#tasks[right] as Item, this.#tasks[below] as Item)) {
        below = right;
      }
      const child = this.#tasks[below] as Item;
      if (isBefore(task, child)) break;
      this.#set(child, place);
      place = below;
    }
    this.#set(task, place);
  }

  #set(task: Item, place: number): void {
    this.#tasks[place] = task;
    task.place = place;
  }
}

function isBefore(one: Task, other: Task): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
