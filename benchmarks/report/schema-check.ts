/** The part of JSON Schema that schema.json uses. The page's security policy forbids validators that generate code. */
export interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly if?: Schema;
  readonly then?: Schema;
  readonly else?: Schema;
  readonly $ref?: string;
}

export interface Root extends Schema {
  readonly $defs: Readonly<Record<string, Schema>>;
}

/** The first violation of a schema, such as 'benchmarks.3.clock is missing'; undefined where there is none. */
export function departure(value: unknown, root: Root): string | undefined {
  const check = (at: string, item: unknown, schema: Schema): string | undefined => {
    if (schema.$ref) return check(at, item, root.$defs[schema.$ref.replace('#/$defs/', '')]);
    const branch = schema.if && (check(at, item, schema.if) === undefined ? schema.then : schema.else);
    return own(at || 'it', item, schema) ?? within(at, item, schema, check) ?? (branch && check(at, item, branch));
  };
  return check('', value, root);
}

/** Violations of a value itself, not of its items. */
function own(at: string, value: unknown, schema: Schema): string | undefined {
  const { type, pattern, minimum = -Infinity, exclusiveMinimum = -Infinity } = schema;
  if (type && !hasType(value, type)) return `${at} is not of the type ${type}`;
  if ('const' in schema && value !== schema.const) return `${at} is not ${schema.const}`;
  if (schema.enum && !schema.enum.includes(value)) return `${at} is not one of ${schema.enum.join(', ')}`;
  if (typeof value === 'string' && pattern && !new RegExp(pattern, 'u').test(value))
    return `${at} does not match ${pattern}`;
  if (typeof value === 'number' && (value < minimum || value <= exclusiveMinimum)) return `${at} is ${value}`;
  return undefined;
}

function within(
  at: string,
  value: unknown,
  { items, required = [], properties = {}, additionalProperties = true }: Schema,
  check: (at: string, item: unknown, schema: Schema) => string | undefined,
): string | undefined {
  if (Array.isArray(value)) return items && first(value.entries(), ([i, item]) => check(join(at, i), item, items));
  if (!hasType(value, 'object')) return undefined;
  const missing = required.find((key) => !Object.hasOwn(value as object, key));
  if (missing !== undefined) return `${join(at, missing)} is missing`;
  return first(Object.entries(value as object), ([key, item]) => {
    if (Object.hasOwn(properties, key)) return check(join(at, key), item, properties[key]);
    if (additionalProperties === false) return `${at || 'it'} has an unknown field ${key}`;
    return typeof additionalProperties === 'object' ? check(`a field of ${at}`, item, additionalProperties) : undefined;
  });
}

function hasType(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type === 'number') return Number.isFinite(value);
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}

function first<T>(items: Iterable<T>, check: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const problem = check(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const join = (at: string, key: string | number): string => (at === '' ? String(key) : `${at}.${key}`);
