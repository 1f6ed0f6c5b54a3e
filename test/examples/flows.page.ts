import { EXAMPLES, type Learnt } from './flows';

/** Runs an example; what it exports crosses to Node as JSON. */
export async function run(name: string): Promise<Learnt> {
  return JSON.parse(JSON.stringify(await EXAMPLES[name]!()));
}
