import { z } from 'zod';

/** What each role of a credential may do is in actors/rules/authority.ts. */
export const Role = z.enum(['agent', 'lead', 'approver', 'operator', 'auditor']);
export type Role = z.infer<typeof Role>;
