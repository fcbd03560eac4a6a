import { z } from 'zod';

/** What an emergency can be; the last token of its subject. */
export const EmergencyKind = z.enum([
  'notice',
  'warning',
  'critical',
  'exhausted',
  'degraded',
  'stop',
  'stopped',
  'recovering',
  'recovered',
  'breaker-open',
  'breaker-closed',
]);
