/** The size of the network's input. */
export const SIZE = { height: 40, width: 48 };
