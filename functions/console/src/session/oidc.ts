import {
  ErrorResponse,
  ErrorTimeout,
  InMemoryWebStorage,
  OidcClient,
  type OidcClientSettings,
  UserManager,
  type UserProfile,
  WebStorageStateStore,
} from 'oidc-client-ts';
import { drafts } from '../app/drafts';
import { endSession, type Login, SignInError } from './session';
import type { LoginSettings } from './settings';

/** What is kept during the redirect, in the browser's session storage. */
interface Kept {
  place: string;
  drafts: [string, unknown][];
}

/**
 * Signs in by authorization code and PKCE. Resolves once the user is signed in. Until then the page
 * leaves for the provider, and the promise stays pending. The address and the drafts are as they were
 * before the redirect, also if the provider did not sign in.
 *
 * @throws SignInError
 */
export async function signedIn(settings: LoginSettings): Promise<Login> {
  const home = new URL('/console', location.origin).href;
  const client: OidcClientSettings = {
    authority: settings.authority,
    client_id: settings.clientId,
    redirect_uri: home,
    post_logout_redirect_uri: home,
    scope: settings.scope,
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
  };
  const manager = new UserManager({
    ...client,
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    automaticSilentRenew: false,
    monitorSession: false,
  });
  const login = new OidcLogin(manager, settings, home);
  if (!new URLSearchParams(location.search).has('state')) {
    const back = cameBack();
    return Promise.race([login.signIn().then(() => back), back]);
  }
  const answer = location.href;
  const kept = await keptFor(client, answer);
  history.replaceState(null, '', kept?.place ?? home);
  drafts.value = new Map(kept?.drafts);
  const { profile } = await trying(manager.signinRedirectCallback(answer));
  login.who = nameIn(profile);
  login.subject = profile.sub;
  login.watch();
  return login;
}

/** What was kept until this answer of the provider; nothing if the answer is to no request. */
async function keptFor(client: OidcClientSettings, answer: string): Promise<Kept | undefined> {
  try {
    return (await new OidcClient(client).readSigninResponseState(answer)).state.data as Kept;
  } catch {
    return undefined;
  }
}

/** Rejects when the user goes back from the sign-in page to this one, which was left as it is. */
function cameBack(): Promise<never> {
  return new Promise((_, reject) => {
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted) reject(new SignInError('refused', 'Came back from the sign-in page.'));
    });
  });
}

function nameIn(profile: UserProfile): string {
  const { email, name, preferred_username, sub } = profile;
  const username = profile['cognito:username'] as string | undefined;
  return email || name || preferred_username || username || sub;
}

/** Turns what the client throws into a {@link SignInError}. */
async function trying<T>(attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    throw new SignInError(kindOf(error), error instanceof Error ? error.message : String(error));
  }
}

function kindOf(error: unknown): SignInError['kind'] {
  if (error instanceof ErrorResponse) return error.error === 'access_denied' ? 'refused' : 'failed';
  return error instanceof TypeError || error instanceof ErrorTimeout ? 'unreachable' : 'failed';
}

class OidcLogin implements Login {
  who = '';
  subject = '';
  readonly #manager: UserManager;
  readonly #settings: LoginSettings;
  readonly #home: string;

  constructor(manager: UserManager, settings: LoginSettings, home: string) {
    this.#manager = manager;
    this.#settings = settings;
    this.#home = home;
  }

  /** Renews the token before it expires, and ends the session if that fails. */
  watch() {
    this.#manager.events.addAccessTokenExpiring(() => void this.#renew());
    this.#manager.events.addAccessTokenExpired(async () => {
      if (!(await this.#renew())) endSession();
    });
  }

  async token() {
    const user = await this.#manager.getUser();
    if (user && !user.expired) return user.access_token;
    return (await this.#renew()) ?? undefined;
  }

  signIn() {
    const place = location.pathname + location.search;
    const state: Kept = { place, drafts: [...drafts.value] };
    return trying(this.#manager.signinRedirect({ state }));
  }

  async signOut() {
    const { hostedDomain, clientId } = this.#settings;
    if (!hostedDomain) return this.#manager.signoutRedirect();
    // Cognito's logout endpoint is not the standard one.
    const leave = new URL('/logout', hostedDomain);
    leave.search = String(new URLSearchParams({ client_id: clientId, logout_uri: this.#home }));
    location.assign(leave);
  }

  /** A new token; `null` if the provider does not issue one. */
  async #renew(): Promise<string | null> {
    const user = await this.#manager.getUser();
    // Without a refresh token the client would use a hidden frame, which the policy forbids.
    if (!user?.refresh_token) return null;
    try {
      return (await this.#manager.signinSilent())?.access_token ?? null;
    } catch (error) {
      if (error instanceof ErrorResponse) endSession();
      return null;
    }
  }
}
