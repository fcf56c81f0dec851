import { api, orThrow } from '../api/client';

/** How to sign in, as the operator of Usher has configured it. */
export interface LoginSettings {
  /** The issuer of the tokens. */
  authority: string;
  clientId: string;
  scope: string;
  /** The base URL of the sign-in page, if it differs from the authority. */
  hostedDomain: string | null;
}

/** Asks how to sign in; nothing if there is no login, as locally. */
export async function loginSettings(): Promise<LoginSettings | undefined> {
  const { data } = await orThrow(api.GET('/console/config.json'));
  const { authority, clientId, scope, hostedDomain } = data;
  return authority && clientId && scope ? { authority, clientId, scope, hostedDomain } : undefined;
}
