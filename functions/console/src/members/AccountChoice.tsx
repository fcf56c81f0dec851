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
  const { id, name, isMember, isRemoved, isProven } = account;
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
      {isMember && (
        <Text size="sm" c="dimmed">
          Already a member. Nothing changes.
        </Text>
      )}
      {isRemoved && !isMember && (
        <Text size="sm" c="dimmed">
          Removed earlier. Adding this user puts them back.
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
