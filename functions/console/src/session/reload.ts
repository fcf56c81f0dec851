import { session } from './session';

/** Loads the page again. With a login, this signs in again, which keeps the drafts. */
export function reload() {
  const { login } = session.value;
  if (!login) return location.reload();
  login.signIn().catch(() => location.reload());
}
