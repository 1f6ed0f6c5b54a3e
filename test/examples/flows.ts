/** What an example exports. */
export type Learnt = Readonly<Record<string, unknown>>;

/** The examples in examples/flows, each of which runs when it is imported. */
export const EXAMPLES: Readonly<Record<string, () => Promise<Learnt>>> = {
  'two-moons': () => import('../../examples/flows/two-moons'),
  glow: () => import('../../examples/flows/glow'),
  'own-kernel': () => import('../../examples/flows/own-kernel'),
  nice: () => import('../../examples/flows/nice'),
  'pyramid-likelihood': () => import('../../examples/flows/pyramid-likelihood'),
  depthwise: () => import('../../examples/flows/depthwise'),
};
