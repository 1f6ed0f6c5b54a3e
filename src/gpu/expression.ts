/**
 * Evaluates an integer WGSL constant expression: + - * / % and parentheses over literals and known names. Division truncates.
 *
 * @returns undefined for anything else, such as a float or an unknown name
 */
export function evaluate(expression: string, names: ReadonlyMap<string, number>): number | undefined {
  const tokens = expression.match(/\w+(?:\.\w*)?|[^\s\w]/g) ?? [];
  let at = 0;

  function primary(): number {
    const token = tokens[at++];
    if (token === '-') return -primary();
    if (token === '(') {
      const inner = sum();
      return tokens[at++] === ')' ? inner : NaN;
    }
    if (/^\d+[ui]?$/.test(token ?? '')) return parseInt(token!, 10);
    return names.get(token!) ?? NaN;
  }

  function product(): number {
    let value = primary();
    while (tokens[at] === '*' || tokens[at] === '/' || tokens[at] === '%') {
      const operator = tokens[at++];
      const right = primary();
      value = operator === '*' ? value * right : operator === '/' ? Math.trunc(value / right) : value % right;
    }
    return value;
  }

  function sum(): number {
    let value = product();
    while (tokens[at] === '+' || tokens[at] === '-') value = tokens[at++] === '+' ? value + product() : value - product();
    return value;
  }

  const value = sum();
  return at === tokens.length && Number.isFinite(value) ? value : undefined;
}
