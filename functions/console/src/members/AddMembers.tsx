import { Button, CloseButton, Stack, Text, Textarea } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type KeyboardEvent, useRef, useState } from 'react';
import { problemOf, ShownError } from '../api/problem';
import { counted } from '../organizations/counts';
import { FormModal } from '../ui/FormModal';
import { AccountChoice } from './AccountChoice';
import { accountsQuery } from './candidates';
import { type Account, chosenByDefault, entriesIn } from './entries';
import classes from './Members.module.css';
import { NewMembersRoles } from './NewMembersRoles';
import { useDefaultRoles } from './useDefaultRoles';
import { backText, useMembersChanges } from './useMembersChanges';

interface Values extends Record<string, unknown> {
  /** What is typed and not taken in yet. */
  text: string;
  /** The addresses and ids that are taken in. */
  entries: string[];
  /** The ids of the accounts that somebody has chosen, by entry. */
  chosen: Record<string, string[]>;
  /** Absent until somebody changes them: the default roles. */
  organizationRoleIds?: string[];
}

type Form = UseFormReturnType<Values>;

const initialValues: Values = { text: '', entries: [], chosen: {} };

interface Props {
  organizationId: string;
  onClose: () => void;
}

/** Adds users by their addresses or ids, after showing which accounts these are. */
export function AddMembers({ organizationId, onClose }: Props) {
  const queries = useQueryClient();
  const { addAll } = useMembersChanges(organizationId);
  const defaults = useDefaultRoles(organizationId);
  const [progress, setProgress] = useState<string>();
  const form = useRef<Form>(null);
  const submit = async ({ text, entries: before, chosen, organizationRoleIds }: Values) => {
    const entries = [...new Set([...before, ...entriesIn(text)])];
    form.current?.setValues({ text: '', entries });
    if (entries.length === 0) throw NOBODY;
    const found = await Promise.all(
      entries.map(async (entry) => {
        const accounts = await queries.fetchQuery(accountsQuery(organizationId, entry));
        const ids = chosen[entry] ?? chosenByDefault(accounts);
        return { entry, ids, isSettled: ids.length > 0 || accounts.some((it) => it.isMember) };
      }),
    );
    const ids = [...new Set(found.flatMap((one) => one.ids))];
    const roles = organizationRoleIds ?? (await defaults.load());
    const unknown = await addAll(ids, { organizationRoleIds: roles }, (finished) =>
      setProgress(`${finished.toLocaleString()} of ${ids.length.toLocaleString()} added`),
    );
    setProgress(undefined);
    const left = found.filter(({ isSettled }) => !isSettled).map(({ entry }) => entry);
    form.current?.setFieldValue('entries', left);
    const done = ids.length > 0 ? backText(ids.length, unknown.length) : 'Nobody new was added.';
    if (left.length > 0) throw undecided(left.length, done);
    return done;
  };
  return (
    <FormModal
      title="Add members"
      act="Add"
      initialValues={initialValues}
      onSubmit={submit}
      onClose={onClose}
    >
      {(current) => {
        form.current = current;
        const { values, errors, setFieldValue } = current;
        return (
          <>
            <EntriesInput form={current} />
            <Entries organizationId={organizationId} form={current} />
            <NewMembersRoles
              label="Roles of the new members"
              description="All of them get these roles. The default roles are selected."
              defaults={defaults}
              value={values.organizationRoleIds}
              error={errors.organizationRoleIds}
              onChange={(ids) => setFieldValue('organizationRoleIds', ids)}
            />
            {progress && (
              <Text size="sm" role="status">
                {progress}
              </Text>
            )}
          </>
        );
      }}
    </FormModal>
  );
}

const NOBODY = new ShownError({
  title: 'There is nobody to add',
  detail: 'Type or paste at least one address or user ID.',
});

function undecided(count: number, done: string): ShownError {
  const left = count === 1 ? '1 entry is left' : `${count} entries are left`;
  return new ShownError({
    title: left,
    detail: `${done} For each entry that is left, choose an account, correct it, or leave it out.`,
  });
}

/** Takes in addresses and ids: one with Enter, or a pasted list. */
function EntriesInput({ form: { values, setValues } }: { form: Form }) {
  const take = (text: string) => {
    const entries = [...new Set([...values.entries, ...entriesIn(text)])];
    setValues({ text: '', entries });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
    event.preventDefault();
    take(values.text);
  };
  return (
    <Textarea
      label="Email addresses or user IDs"
      description="Type one and press Enter, or paste a list."
      autosize
      minRows={1}
      maxRows={4}
      autoComplete="off"
      spellCheck={false}
      data-autofocus
      value={values.text}
      onChange={({ currentTarget: { value } }) => setValues({ text: value })}
      onKeyDown={onKeyDown}
      onPaste={(event) => {
        const pasted = event.clipboardData.getData('text');
        if (entriesIn(pasted).length < 2) return;
        event.preventDefault();
        take(`${values.text} ${pasted}`);
      }}
    />
  );
}

/** What the entries were found to be. */
function Entries({ organizationId, form }: { organizationId: string; form: Form }) {
  const { entries } = form.values;
  if (entries.length === 0) return null;
  const remove = (entry: string) =>
    form.setFieldValue(
      'entries',
      entries.filter((other) => other !== entry),
    );
  return (
    <ul className={classes.entries} aria-label="Users to add">
      {entries.map((entry) => (
        <Entry
          key={entry}
          organizationId={organizationId}
          entry={entry}
          chosen={form.values.chosen[entry]}
          onChoose={(ids) => form.setFieldValue('chosen', { ...form.values.chosen, [entry]: ids })}
          onRemove={() => remove(entry)}
        />
      ))}
    </ul>
  );
}

interface EntryProps {
  organizationId: string;
  entry: string;
  chosen: string[] | undefined;
  onChoose: (ids: string[]) => void;
  onRemove: () => void;
}

function Entry({ organizationId, entry, chosen, onChoose, onRemove }: EntryProps) {
  const found = useQuery(accountsQuery(organizationId, entry));
  return (
    <li className={classes.entry}>
      <Stack gap={4}>
        <strong>{entry}</strong>
        {found.data ? (
          <Choice accounts={found.data} chosen={chosen} onChoose={onChoose} />
        ) : found.error ? (
          <Text size="sm" c="var(--mantine-color-error)" role="alert">
            {problemOf(found.error).detail}{' '}
            <Button size="compact-sm" variant="default" onClick={() => void found.refetch()}>
              Try again
            </Button>
          </Text>
        ) : (
          <Text size="sm" c="dimmed">
            Looking up this user…
          </Text>
        )}
      </Stack>
      <CloseButton aria-label={`Leave out ${entry}`} onClick={onRemove} />
    </li>
  );
}

function Choice({
  accounts,
  chosen,
  onChoose,
}: {
  accounts: readonly Account[];
  chosen: string[] | undefined;
  onChoose: (ids: string[]) => void;
}) {
  if (accounts.length === 0) {
    return (
      <Text size="sm" c="var(--mantine-color-error)">
        Nobody in the user pool has this address or ID.
      </Text>
    );
  }
  const ids = chosen ?? chosenByDefault(accounts);
  return (
    <>
      {accounts.length > 1 && (
        <Text size="sm">
          {counted(accounts.length, 'account')} have this address. Choose who is added.
        </Text>
      )}
      {accounts.map((account) => (
        <AccountChoice
          key={account.id}
          account={account}
          checked={ids.includes(account.id)}
          onChange={(checked) =>
            onChoose(checked ? [...ids, account.id] : ids.filter((id) => id !== account.id))
          }
        />
      ))}
    </>
  );
}
