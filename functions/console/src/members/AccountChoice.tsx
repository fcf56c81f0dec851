import { Checkbox, Text } from '@mantine/core';
import type { Account } from './entries';
import { nameOf } from './provenance';

interface Props {
  account: Account;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

/** An account that can be added, with what there is to know before. */
export function AccountChoice({ account, checked, onChange }: Props) {
  const { id, name, isMember, isProven } = account;
  const known = knownText(account);
  return (
    <>
      <Checkbox
        size="sm"
        checked={checked}
        disabled={isMember}
        label={
          <>
            {[name, nameOf(account)].filter(Boolean).join(' · ')} <code>{id}</code>
          </>
        }
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      {known && (
        <Text size="sm" c="dimmed">
          {known}
        </Text>
      )}
      {!isProven && !isMember && (
        <Text size="sm" c="dimmed">
          This account has not proven the address. Anybody can sign up with somebody else’s address.
          Choose it only if you know whose account it is.
        </Text>
      )}
    </>
  );
}

/** What the organization knows about an account already. */
function knownText({ isMember, isRemoved, isDeclined, isAsking }: Account): string | undefined {
  if (isMember) return 'Already a member. Nothing changes.';
  if (isRemoved) return 'Removed earlier. Adding this user puts them back.';
  if (isDeclined) return 'Declined earlier. Adding this user makes them a member all the same.';
  if (isAsking) return 'Asks to join. Adding this user settles the request.';
  return undefined;
}
