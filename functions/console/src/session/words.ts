import { problemOf, type ShownProblem } from '../api/problem';
import { SignInError } from './session';

const REASONS: Record<SignInError['kind'], string> = {
  refused: 'You were not signed in, or you cancelled. Sign in to continue where you were.',
  unreachable:
    'The sign-in page cannot be reached. Check your connection and try again: you continue where you were.',
  failed: 'Try again. If it happens again, tell the operator of Usher.',
};

/** Why somebody is not signed in, in the console's words. */
export function signInProblem(error: unknown): ShownProblem {
  if (!(error instanceof SignInError)) return problemOf(error);
  return { title: 'Signing in failed', detail: REASONS[error.kind], answer: error.message };
}
