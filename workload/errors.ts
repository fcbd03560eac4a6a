/** What can be wrong with a workload file. */
export type WorkloadFileCode =
  | 'file_unreadable'
  | 'file_kind_unknown'
  | 'gzip_damaged'
  | 'not_utf8'
  | 'line_too_long'
  | 'row_malformed'
  | 'too_many_rows'
  | 'no_rows';

/** A workload file that cannot be read; the message names file, line and what to do. */
export class WorkloadFileError extends Error {
  override readonly name = 'WorkloadFileError';
  readonly code: WorkloadFileCode;
  readonly retryable = false;
  readonly file: string;
  /** 1-based; null when the whole file is meant. */
  readonly line: number | null;

  constructor(
    code: WorkloadFileCode,
    at: { file: string; line: number | null },
    problem: string,
    options?: { cause?: unknown },
  ) {
    super(`${at.line === null ? at.file : `${at.file}:${at.line}`}: ${problem}`, options);
    this.code = code;
    this.file = at.file;
    this.line = at.line;
  }
}

/** What can be wrong with an amount of money. */
export type AmountCode = 'not_a_decimal' | 'negative_amount' | 'amount_out_of_range';

/** A text or number that is not an amount of money that Bursar can keep. */
export class AmountError extends Error {
  override readonly name = 'AmountError';
  readonly code: AmountCode;
  readonly retryable = false;

  constructor(code: AmountCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A budget option or file that cannot be used; the message names the place and what to write. */
export class BudgetError extends Error {
  override readonly name = 'BudgetError';
  readonly code = 'budget_malformed';
  readonly retryable = false;
  /** 1-based line of a budget file; null for options and for the file as a whole. */
  readonly line: number | null;

  constructor(where: string, line: number | null, problem: string, options?: { cause?: unknown }) {
    super(`${line === null ? where : `${where}:${line}`}: ${problem}`, options);
    this.line = line;
  }
}

/** A `--default-model` that the price book does not know: it would price rows at nothing. */
export class UnknownModelError extends Error {
  override readonly name = 'UnknownModelError';
  readonly code = 'unknown_model';
  readonly retryable = false;

  constructor(model: string, priceBook: string) {
    super(
      `the price book ${priceBook} has no price for the default model "${model}"; ` +
        'name one it has, such as gpt-4o-mini or claude-sonnet-4-5, or provider:model',
    );
  }
}
