/** Ops that semantics has and this version has not; refused `not_available`, never ignored. */
export const OPS_NOT_AVAILABLE: ReadonlySet<string> = new Set(['openBreaker', 'closeBreaker']);
