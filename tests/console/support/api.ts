// What the tests do other than by the page: through the API, and as a user at Cognito.

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: the tests are run by \`make console-tests\``);
  return value;
}

/** Where Usher is, and the console with it. */
export const usher = () => setting('USHER');
/** The address of a page of the console. */
export const page = (path: string) => `${usher()}/console${path}`;

/** Asks the API, and answers what it says. */
export async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(usher() + path, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

let names = 0;

/** A name that nothing else has. */
export function unique(name: string): string {
  return `${name}-${process.pid}-${names++}`.toLowerCase();
}

/** Makes an organization, and answers its id, which is its name too. */
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

/** Signs a user up at Cognito, with an address that is verified. */
export async function signUp(email: string) {
  const common = { ClientId: setting('CLIENT_ID'), Username: email };
  await cognito('SignUp', {
    ...common,
    Password: 'Correct-Horse-9',
    // Cognito itself does not take this from anybody; the emulator has to be told.
    UserAttributes: [{ Name: 'email_verified', Value: 'true' }],
  });
  await cognito('ConfirmSignUp', { ...common, ConfirmationCode: '123456' });
}

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
