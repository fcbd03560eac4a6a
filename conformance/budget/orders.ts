import type { BudgetRecord, Operation } from './record.ts';

/** One order in which parallel operations may come. */
export interface Order {
  readonly name: string;
  readonly operations: readonly Operation[];
}

type Permute = (ops: readonly Operation[]) => readonly Operation[];

const ORDERS: Readonly<Record<string, Permute>> = {
  given: (ops) => ops,
  reversed: (ops) => [...ops].reverse(),
  'second first': (ops) => [...ops.slice(1), ...ops.slice(0, 1)],
  'last first': (ops) => [...ops.slice(-1), ...ops.slice(0, -1)],
  'even before odd': (ops) => [
    ...ops.filter((_, at) => at % 2 === 0),
    ...ops.filter((_, at) => at % 2 === 1),
  ],
};

/** The orders in which a record is run: the given one, and where something is parallel others too. */
export function ordersOf({ operations }: BudgetRecord): Order[] {
  const isParallel = operations.some(({ ops }) => ops !== undefined);
  const names = isParallel ? Object.keys(ORDERS) : ['given'];
  return names.map((name) => ({
    name,
    operations: operations.map((operation) =>
      operation.ops === undefined
        ? operation
        : { ...operation, ops: (ORDERS[name] as Permute)(operation.ops) },
    ),
  }));
}
