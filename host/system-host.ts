import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Host } from './host.ts';
import { systemFiles } from './system-files.ts';

/** The machine itself. */
export const systemHost: Host = {
  wallMs: () => Date.now(),
  steadyMs: () => performance.now(),
  after: (ms, work) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
  every: (ms, work) => {
    const timer = setInterval(work, ms).unref();
    return () => clearInterval(timer);
  },
  nextTurn: (work) => {
    setImmediate(work);
  },
  pause: (ms, signal) =>
    pause(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {}),
  random: () => Math.random(),
  randomBytes: (count) => randomBytes(count),
  files: systemFiles,
};
