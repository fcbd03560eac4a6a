/** A field of a schema: where it is, and what stands for it when it is left out. */
export interface SchemaField {
  /** `rules[].above`, `preemption.nodes.*.boost` */
  readonly path: string;
  /** As JSON; `absent` or `required` where it has no default. */
  readonly fallback: string;
}

interface Schema {
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly element?: Schema;
  readonly valueType?: Schema;
  readonly def: {
    readonly type: string;
    readonly innerType?: Schema;
    readonly defaultValue?: unknown;
  };
}

/** Every field of a zod schema, parents before what is in them. */
export function fieldsOf(schema: unknown): SchemaField[] {
  return walk(schema as Schema, '');
}

function walk(schema: Schema, path: string): SchemaField[] {
  let fallback = 'required';
  let at = schema;
  for (;;) {
    const { type, innerType, defaultValue } = at.def;
    if (innerType === undefined) break;
    if (type === 'optional' && fallback === 'required') fallback = 'absent';
    if (type === 'default' || type === 'prefault') fallback = JSON.stringify(defaultValue);
    at = innerType;
  }
  const own = path === '' ? [] : [{ path, fallback }];
  return [...own, ...inside(at, path)];
}

function inside({ shape, element, valueType }: Schema, path: string): SchemaField[] {
  if (shape !== undefined) {
    return Object.entries(shape).flatMap(([key, one]) =>
      walk(one, path === '' ? key : `${path}.${key}`),
    );
  }
  const within = element ?? valueType;
  if (within === undefined) return [];
  // Of what a list or a map of names holds, only fields need words.
  return walk(within, `${path}${element === undefined ? '.*' : '[]'}`).slice(1);
}
