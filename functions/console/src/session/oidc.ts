import {
  ErrorResponse,
  InMemoryWebStorage,
  UserManager,
  WebStorageStateStore,
} from 'oidc-client-ts';
import { drafts } from '../app/drafts';
import { endSession, type Login } from './session';
import type { LoginSettings } from './settings';

/** What is kept during the redirect, in the browser's session storage. */
interface Kept {
  place: string;
  drafts: [string, unknown][];
}

/**
 * Signs in by authorization code and PKCE. Resolves once the user is signed in. Until then the page
 * leaves for the provider, and the promise stays pending.
 */
export async function signedIn(settings: LoginSettings): Promise<Login> {
  const home = new URL('/console', location.origin).href;
  const manager = new UserManager({
    authority: settings.authority,
    client_id: settings.clientId,
    redirect_uri: home,
    post_logout_redirect_uri: home,
    scope: settings.scope,
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
    automaticSilentRenew: false,
    monitorSession: false,
  });
  const login = new OidcLogin(manager, settings, home);
  if (!isReturning()) {
    await login.signIn();
    return new Promise(() => {});
  }
  const { state } = await manager.signinRedirectCallback();
  const kept = state as Kept;
  history.replaceState(null, '', kept.place);
  drafts.value = new Map(kept.drafts);
  login.watch();
  return login;
}

function isReturning(): boolean {
  return new URLSearchParams(location.search).has('state');
}

class OidcLogin implements Login {
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

  async signIn() {
    const returning = isReturning();
    const place = returning ? this.#home : location.pathname + location.search;
    const state: Kept = { place, drafts: [...drafts.value] };
    await this.#manager.signinRedirect({ state });
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
