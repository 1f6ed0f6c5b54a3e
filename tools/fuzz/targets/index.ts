import type { Target } from '../target';
import { bmp } from './bmp';
import { image } from './image';
import { layout } from './layout';
import { lock } from './lock';
import { mask } from './mask';
import { model } from './model';
import { report } from './report';
import { size } from './size';
import { tuning } from './tuning';

/** Everything that reads bytes from outside. Those that take long and those that do not in turn. */
export const TARGETS: readonly Target[] = [model, bmp, image, layout, mask, report, lock, size, tuning];
