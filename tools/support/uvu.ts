import { type Callback, type Context, test as plain } from 'uvu';

// uvu prints the `details` of an error as text, and crashes where they are not text; those of a PyramidFlowError are an object.
// So test bundles get this module in place of 'uvu'.

const printed =
  <T = Context>(handler: Callback<T>): Callback<T> =>
  async (context) => {
    try {
      await handler(context);
    } catch (cause) {
      const { details, message, name, stack } = cause as Error & { details?: unknown };
      if (details === undefined || typeof details === 'string') throw cause;
      throw Object.assign(new Error(message, { cause }), { name, stack });
    }
  };

export const test = Object.assign((name: string, handler: Callback<Context>) => plain(name, printed(handler)), {
  only: (name: string, handler: Callback<Context>) => plain.only(name, printed(handler)),
  skip: plain.skip,
  before: plain.before,
  after: plain.after,
  run: plain.run,
});
