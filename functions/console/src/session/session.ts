import { Store } from '../app/store';

/** The user's login, as far as the rest of the console needs to know it. */
export interface Login {
  /** Who is signed in: the email address if the provider tells it, else a name or an id. */
  who: string;
  /** Their id: the subject of the tokens. */
  subject: string;
  /** A token for the API, renewed if necessary. */
  token(): Promise<string | undefined>;
  /**
   * Goes to the sign-in page, which leads back to the current page with its drafts.
   *
   * @throws SignInError
   */
  signIn(): Promise<void>;
  signOut(): Promise<void>;
}

interface Session {
  /** Absent if there is no login, as locally. */
  login?: Login;
  ended: boolean;
}

export const session = new Store<Session>({ ended: false });

/** Records that the login is no longer accepted. */
export function endSession() {
  const { login } = session.value;
  if (login) session.value = { login, ended: true };
}

/** Why a sign-in did not succeed. */
export class SignInError extends Error {
  readonly kind: 'refused' | 'unreachable' | 'failed';

  constructor(kind: SignInError['kind'], message: string) {
    super(message);
    this.name = 'SignInError';
    this.kind = kind;
  }
}
