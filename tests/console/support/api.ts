// What the tests do without the page: requests to the API, and sign-ups at Cognito.

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: the tests are run by \`make console-tests\``);
  return value;
}

/** The address of Usher, which also serves the console. */
export const usher = () => setting('USHER');
/** The address of a page of the console. */
export const page = (path: string) => `${usher()}/console${path}`;

/** Sends a request to the API, and returns the body of the response. */
export async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const text = await askText(method, path, body === undefined ? undefined : JSON.stringify(body));
  return (text ? JSON.parse(text) : undefined) as T;
}

/** Does what {@link ask} does with JSON texts, which parsing would change. */
export async function askText(method: string, path: string, body?: string): Promise<string> {
  const response = await fetch(usher() + path, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text;
}

let names = 0;

/** A name that is used only once. It is not the beginning of another one. */
export function unique(name: string): string {
  return `${name}-${process.pid}-${String(names++).padStart(3, '0')}`.toLowerCase();
}

/** Creates an organization, and returns its id, which is also its name. */
export async function organization(name: string, domains: string[] = []): Promise<string> {
  const id = unique(name);
  await ask('POST', '/organizations', { id, name: id });
  if (domains.length > 0) {
    await ask('PUT', `/organizations/${id}/jit/email-domains`, { emailDomains: domains });
  }
  return id;
}

export async function role(name: string): Promise<{ id: string; name: string }> {
  return ask('POST', '/organization-roles', { name });
}

export async function domainsOf(id: string): Promise<string[]> {
  const path = `/organizations/${id}/jit/email-domains`;
  const domains = await ask<{ emailDomain: string }[]>('GET', path);
  return domains.map(({ emailDomain }) => emailDomain);
}

export async function defaultRolesOf(id: string): Promise<string[]> {
  const roles = await ask<{ name: string }[]>('GET', `/organizations/${id}/jit/roles`);
  return roles.map(({ name }) => name);
}

/** Creates an identity provider in the user pool, and returns its name. */
export async function identityProvider(name: string, { isUnique = true } = {}): Promise<string> {
  const ProviderName = isUnique ? unique(name) : name;
  await cognito('CreateIdentityProvider', {
    UserPoolId: setting('USER_POOL_ID'),
    ProviderName,
    // The type of a social provider is its name.
    ProviderType: isUnique ? 'SAML' : name,
  });
  return ProviderName;
}

/** The identity providers that an organization lists, with their settings. */
export async function providersOf(id: string) {
  const providers = await ask<
    {
      id: string;
      enrollment: string;
      organizationRoleIds: string[] | null;
      emailDomains: string;
    }[]
  >('GET', `/organizations/${id}/jit/sso-connectors`);
  return providers.map(({ id, enrollment, organizationRoleIds, emailDomains }) => ({
    id,
    enrollment,
    organizationRoleIds,
    emailDomains,
  }));
}

/**
 * Creates users in the user pool, without invitations, and returns their ids. They become members of
 * the organizations that list their domains.
 */
export async function users(emails: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  const waiting = [...emails.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, primaryEmail] = next;
      const body = { primaryEmail, sendInvitation: false };
      ids[index] = (await ask<{ id: string }>('POST', '/users', body)).id;
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return ids;
}

/** An organization whose email domain, of the same name, lets people ask to join. */
export async function askingOrganization(
  name: string,
  organizationRoleIds: string[] | null = null,
) {
  const id = unique(name);
  const domain = `${id}.example`;
  await ask('POST', '/organizations', { id, name: id });
  await ask('POST', `/organizations/${id}/jit/email-domains`, {
    emailDomain: domain,
    enrollment: 'request',
    organizationRoleIds,
  });
  return { id, domain };
}

/** Adds a TXT record to the name server of the run. */
export async function addTxtRecord(name: string, value: string) {
  const response = await fetch(setting('DNS_RECORDS'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'TXT', name, value }),
  });
  if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
}

/** Signs up a user at Cognito, with a verified address. */
export async function signUp(email: string) {
  const common = { ClientId: setting('CLIENT_ID'), Username: email };
  await cognito('SignUp', {
    ...common,
    Password: PASSWORD,
    // Cognito sets this itself and accepts it from nobody; the emulator needs it.
    UserAttributes: [{ Name: 'email_verified', Value: 'true' }],
  });
  await cognito('ConfirmSignUp', { ...common, ConfirmationCode: '123456' });
}

/** Signs in a user who has signed up, which issues a token. */
export async function signIn(email: string) {
  await cognito('InitiateAuth', {
    ClientId: setting('CLIENT_ID'),
    AuthFlow: 'USER_PASSWORD_AUTH',
    AuthParameters: { USERNAME: email, PASSWORD },
  });
}

const PASSWORD = 'Correct-Horse-9';

async function cognito(operation: string, input: unknown) {
  const response = await fetch(setting('COGNITO'), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSCognitoIdentityProviderService.${operation}`,
    },
    body: JSON.stringify(input),
  });
  if (!response.ok) throw new Error(`${operation}: ${await response.text()}`);
}
