/** Of the network that the images are made ready for. */
export const SIZE = { height: 40, width: 48 };
