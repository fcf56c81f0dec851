import type { Problem } from './types';
import { type Known, reasonOf, wordsOf } from './words';

/** What is wrong with one value in a request's body. */
export interface Violation {
  /** Where: a JSON Pointer. */
  pointer: string;
  code: string;
  /** The reason, in the console's words. */
  detail: string;
}

/** A problem in the console's words. */
export interface ShownProblem {
  title: string;
  /** What happened, and what to do. */
  detail: string;
  /** What the API said, for whoever looks for the cause. */
  answer?: string;
  /** The code of the problem, if the API gave one. */
  code?: string;
}

const UNREACHABLE: ShownProblem = {
  title: 'Usher cannot be reached',
  detail: 'Check your connection and try again. Your changes are kept.',
};

const NOT_LOADED: ShownProblem = {
  title: 'This part of the console could not be loaded',
  detail:
    'Your connection may be lost, or a new version of Usher was installed. Reload the page to go on.',
};

/** A response that is not a success, or no response at all. */
export class ApiError extends Error {
  /** Absent if there was no response. */
  readonly status: number | undefined;
  /** What the API says about its reasons; absent if API Gateway answered. */
  readonly code: string | undefined;
  /** What is wrong with each refused value in the body. */
  readonly violations: readonly Violation[];
  readonly #known: Known;
  readonly #answer: string | undefined;

  private constructor(status?: number, problem: Partial<Problem> = {}, known: Known = {}, id = '') {
    super(problem.detail ?? problem.message ?? 'There was no response.');
    this.name = 'ApiError';
    this.status = status;
    this.code = problem.code;
    this.violations = (problem.errors ?? []).map(({ pointer, code }) => {
      return { pointer, code, detail: reasonOf(code) };
    });
    this.#known = known;
    this.#answer = status === undefined ? undefined : answerOf(status, problem, id);
  }

  /** Reads what Usher or API Gateway sends. */
  static of({ status, url, headers }: Response, body: unknown): ApiError {
    const problem: Partial<Problem> = typeof body === 'object' && body !== null ? body : {};
    const id = headers.get('apigw-requestid') ?? '';
    return new ApiError(status, problem, idsIn(url), id);
  }

  /** The error when no response came. */
  static unreachable(): ApiError {
    return new ApiError();
  }

  /** Whether the same request may succeed later. */
  get temporary(): boolean {
    return this.status === undefined || this.status === 429 || this.status >= 500;
  }

  /** The problem in the console's words, which can name the values that were sent. */
  shown(sent: Known = {}): ShownProblem {
    if (this.status === undefined) return UNREACHABLE;
    const { title, text } = wordsOf(this.code, this.status, { ...this.#known, ...sent });
    return {
      title,
      detail: text,
      ...(this.#answer && { answer: this.#answer }),
      ...(this.code && { code: this.code }),
    };
  }
}

/** An error of the console itself, in its own words. */
export class ShownError extends Error {
  readonly problem: ShownProblem;

  constructor(problem: ShownProblem) {
    super(problem.detail);
    this.name = 'ShownError';
    this.problem = problem;
  }
}

/** Whether an error says that something does not exist, or does not exist any more. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** What the API answered, in one line. */
function answerOf(status: number, { code, detail, message }: Partial<Problem>, id: string): string {
  const parts = [`${status}${code ? ` ${code}` : ''}`, detail ?? message, id && `Request ${id}`];
  return parts.filter(Boolean).join(' · ');
}

/** The ids in the address of a request. */
function idsIn(url: string): Known {
  const idAfter = (name: string) => {
    const [, id] = new RegExp(`/${name}/([^/?]+)`).exec(url) ?? [];
    return id === undefined ? undefined : decodeURIComponent(id);
  };
  return { organization: idAfter('organizations'), user: idAfter('users') };
}

/** A part of the console that could not be loaded: see ui/part.tsx. */
export class PartError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause));
    this.name = 'PartError';
  }
}

/** A title and a text for anything that was thrown. */
export function problemOf(error: unknown, sent?: Known): ShownProblem {
  if (error instanceof ApiError) return error.shown(sent);
  if (error instanceof ShownError) return error.problem;
  const answer = error instanceof Error ? error.message : String(error);
  if (error instanceof PartError) return { ...NOT_LOADED, answer };
  const { title, text } = wordsOf();
  return { title, detail: text, answer };
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
