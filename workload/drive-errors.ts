/** A run of this name was opened before: names are not used twice, so that their books stay theirs. */
export class AlreadyDrivenError extends Error {
  override readonly name = 'AlreadyDrivenError';
  readonly code = 'already_driven';
  readonly retryable = false;
  readonly advice =
    'Drive it beside the earlier one under other swarm names, with --tag NAME, or use another data folder.';

  constructor(path: string, cause: unknown) {
    super(`${path} was driven before on this governor.`, { cause });
  }
}

/** A tag that does not fit into the names of the workload. */
export class TagError extends Error {
  override readonly name = 'TagError';
  readonly code = 'tag_malformed';
  readonly retryable = false;

  constructor(tag: string, problem: string) {
    super(`--tag ${tag}: ${problem}`);
  }
}
