import { PartError } from '../api/problem';
import { session } from './session';
import { loginSettings } from './settings';

/**
 * Signs in if a login is configured; only then is the code for it loaded.
 *
 * @throws ApiError if the settings cannot be read, PartError if that code cannot be loaded, and
 * SignInError if the provider did not sign in.
 */
export async function signIn() {
  const settings = await loginSettings();
  if (!settings) return;
  const { signedIn } = await import('./oidc').catch((error: unknown) => {
    throw new PartError(error);
  });
  session.value = { login: await signedIn(settings), ended: false };
}
