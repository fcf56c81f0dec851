import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import type { Organization } from '../api/types';
import { sizeOf } from '../organizations/counts';
import { countsQuery } from '../organizations/queries';
import { ProblemAlert } from '../ui/ProblemAlert';
import { useLeaveBlocker } from '../ui/useLeaveBlocker';
import classes from './DeleteOrganization.module.css';
import { MOST_REQUESTS, MuchIsLeft, useDeletion } from './useDeletion';

const isAny = () => true;

interface Props {
  organization: Organization;
  onClose: () => void;
}

/**
 * Deletes an organization after its name was typed. The deletion can take several requests: until
 * they have ended, the dialog stays, and so does the page. Escape does not close it once a part of the
 * name is typed.
 */
export function DeleteOrganization({ organization, onClose }: Props) {
  const { deletion, requests, start, leave } = useDeletion(organization);
  const [typed, setTyped] = useState('');
  const { name } = organization;
  const isDeleted = requests > 0;
  const isRunning = deletion.isPending;
  useLeaveBlocker(isRunning, isAny, false);
  const close = isDeleted ? () => void leave() : onClose;
  return (
    <Modal
      opened
      onClose={close}
      title={isDeleted ? `“${name}” is deleted` : `Delete “${name}”?`}
      closeOnEscape={!isRunning && (isDeleted || typed === '')}
      closeOnClickOutside={false}
      withCloseButton={!isRunning}
    >
      {isDeleted ? (
        <Rest error={deletion.error} requests={requests} onGoOn={start} onLeave={close} />
      ) : (
        <Ask
          organization={organization}
          typed={typed}
          onType={setTyped}
          isRunning={isRunning}
          error={deletion.error}
          onDelete={start}
          onCancel={onClose}
        />
      )}
    </Modal>
  );
}

interface AskProps {
  organization: Organization;
  typed: string;
  onType: (text: string) => void;
  isRunning: boolean;
  error: unknown;
  onDelete: () => void;
  onCancel: () => void;
}

function Ask(props: AskProps) {
  const { organization, typed, onType, isRunning, error, onDelete, onCancel } = props;
  const { id, name } = organization;
  const reason = useId();
  const isConfirmed = typed.trim().normalize() === name.trim().normalize();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isConfirmed) onDelete();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Text>
          All its members lose their membership at once, and nobody can join it any more. The ID{' '}
          <strong>{id}</strong> can never be used again. This cannot be undone.
        </Text>
        <Size of={id} />
        <TextInput
          label="Name of the organization"
          description={
            <>
              To confirm, type <strong className={classes.name}>{name}</strong>
            </>
          }
          value={typed}
          onChange={({ currentTarget }) => onType(currentTarget.value)}
          readOnly={isRunning}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        <ProblemAlert error={error} focused />
        <Text size="sm" c="dimmed" id={reason} role="status">
          {isRunning && 'Deleting the organization. This can take some seconds.'}
          {!isConfirmed && 'The organization can be deleted once its name is typed.'}
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel} disabled={isRunning}>
            Cancel
          </Button>
          <Button
            type="submit"
            color="red.8"
            disabled={!isConfirmed}
            loading={isRunning}
            aria-describedby={reason}
          >
            Delete organization
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** What is deleted with an organization. Without it, the organization can be deleted too. */
function Size({ of: id }: { of: string }) {
  const { data, isPending } = useQuery(countsQuery(id));
  const unknown = isPending
    ? 'Counting members and domains…'
    : 'The members and domains could not be counted. You can delete the organization anyway.';
  return (
    <Text fw={600} role="status">
      {data ? sizeOf(data) : unknown}
    </Text>
  );
}

interface RestProps {
  /** Why the last attempt ended early; none while it runs. */
  error: unknown;
  requests: number;
  onGoOn: () => void;
  onLeave: () => void;
}

/** What is left once the organization itself is deleted. */
function Rest({ error, requests, onGoOn, onLeave }: RestProps) {
  return (
    <Stack>
      <Text>
        The organization is deleted: it has no members any more, and nobody can join it. Usher still
        stores some data of its memberships, which no longer has any effect.
      </Text>
      {error ? (
        <>
          {error instanceof MuchIsLeft ? (
            <Text role="status">{MOST_REQUESTS} requests were not enough to delete it.</Text>
          ) : (
            <ProblemAlert error={error} focused />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onLeave}>
              Leave the rest
            </Button>
            <Button onClick={onGoOn} autoFocus>
              Delete the rest
            </Button>
          </Group>
        </>
      ) : (
        <Text role="status">
          Deleting this data, with at most {MOST_REQUESTS} requests. Sent so far: {requests}.
        </Text>
      )}
    </Stack>
  );
}
