import { Store } from '../app/store';

/** The user's login, as far as the rest of the console needs to know it. */
export interface Login {
  /** A token for the API, renewed if necessary. */
  token(): Promise<string | undefined>;
  /** Goes to the sign-in page, which leads back to the current page. */
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
