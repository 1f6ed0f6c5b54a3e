/** How far training has come. */
export interface TrainProgress {
  /** 'read': images are decoded and resized; 'train': the epochs; 'template': template and threshold */
  readonly phase: 'read' | 'train' | 'template';
  /** from 1; 0 while images are read */
  readonly epoch: number;
  readonly epochs: number;
  /** from 1: training steps within the epoch, or images within the phases 'read' and 'template' */
  readonly step: number;
  readonly steps: number;
  /** of the last training step; undefined before the first */
  readonly loss?: number;
}
