import type { Problem } from './types';

/** What is wrong with one value in a request's body. */
export type Violation = NonNullable<Problem['errors']>[number];

type ShownProblem = Pick<Problem, 'title' | 'detail'> & Partial<Problem>;

export const UNREACHABLE: ShownProblem = {
  title: 'Usher cannot be reached',
  detail: 'Check your connection and try again. Your changes are kept.',
};

/** A response that is not a success, or no response at all. */
export class ApiError extends Error {
  readonly problem: ShownProblem;

  constructor(problem: ShownProblem) {
    super(problem.detail);
    this.name = 'ApiError';
    this.problem = problem;
  }

  /** Reads the problem that Usher or the API gateway sends. */
  static of({ status }: Response, body: unknown): ApiError {
    const { message, ...problem } =
      typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {};
    const detail =
      problem.detail ??
      message ??
      'Try again. If this keeps happening, tell the operator of Usher.';
    return new ApiError({
      title: TITLES[status] ?? 'Something went wrong',
      ...problem,
      status,
      detail,
    });
  }

  get status(): number | undefined {
    return this.problem.status;
  }

  /** What is wrong with each refused value in the body. */
  get violations(): readonly Violation[] {
    return this.problem.errors ?? [];
  }

  /** Whether the same request may succeed later. */
  get temporary(): boolean {
    return this.status === undefined || this.status === 429 || this.status >= 500;
  }
}

/** Whether an error says that something does not exist, or does not exist any more. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

const TITLES: Record<number, string> = {
  401: 'Your session has ended',
  403: 'You are not allowed to do this',
  404: 'Not found',
  429: 'Too many requests',
};

/** A title and a text for anything that was thrown. */
export function problemOf(error: unknown): ShownProblem {
  if (error instanceof ApiError) return error.problem;
  return {
    title: 'Something went wrong',
    detail: error instanceof Error ? error.message : String(error),
  };
}

/**
 * Why fields of a request's body were refused, by name. The reason for something within a field
 * begins with its place.
 */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  // The last entry wins, and the API's first reason for a field is the one to show.
  const reasons = error.violations.toReversed().map(({ pointer, detail }) => {
    const [, field = '', ...place] = pointer.split('/');
    return [field, place.length > 0 ? `At /${place.join('/')}: ${detail}` : detail];
  });
  return Object.fromEntries(reasons);
}
