/** Cognito's statuses of an account, in words. */
const STATUSES: Record<string, string> = {
  CONFIRMED: 'Signed up',
  EXTERNAL_PROVIDER: 'Signs in through an identity provider',
  UNCONFIRMED: 'Has not confirmed the sign-up',
  FORCE_CHANGE_PASSWORD: 'Was invited, and has not signed in yet',
  RESET_REQUIRED: 'Must choose a new password',
};

/** The state of an account. Cognito may have others. */
export function statusText(status: string | null): string {
  return STATUSES[status ?? ''] ?? status ?? 'Not known';
}
