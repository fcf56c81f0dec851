import { answered, api } from '../api/client';

/** How to sign in, as Usher's operator has set it up. */
export interface LoginSettings {
  /** Who issues tokens. */
  authority: string;
  clientId: string;
  scope: string;
  /** The base URL of the sign-in page, where that is another one than the authority. */
  hostedDomain: string | null;
}

/** Asks how to sign in; locally there is no login, and so nothing to say. */
export async function loginSettings(): Promise<LoginSettings | undefined> {
  const { data } = await answered(api.GET('/console/config.json'));
  const { authority, clientId, scope, hostedDomain } = data;
  return authority && clientId && scope ? { authority, clientId, scope, hostedDomain } : undefined;
}
