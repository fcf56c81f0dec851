import { Button, Stack, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useSuspenseQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ChangeEvent } from 'react';
import { api, orThrow } from '../api/client';
import { fieldErrors } from '../api/problem';
import { useDraft } from '../app/drafts';
import { bodyWith } from '../organizations/customData';
import { organizationQuery } from '../organizations/queries';
import { Section } from '../ui/Card';
import { DescriptionInput, NameInput } from '../ui/fields';
import { notify } from '../ui/notify';
import { SaveBar } from '../ui/SaveBar';
import { UnsavedGuard } from '../ui/UnsavedGuard';
import { When } from '../ui/When';
import { DeleteOrganization } from './DeleteOrganization';
import { changedFields, customDataReason, type Fields, fieldsOf, isSame } from './fields';

interface Draft {
  /** What was saved when the editing began. */
  base: Fields;
  mine: Fields;
}

export function SettingsTab() {
  const { organizationId } = useParams({ from: '/organizations/$organizationId' });
  const { data: organization } = useSuspenseQuery(organizationQuery(organizationId));
  const [deleting, { open, close }] = useDisclosure();
  return (
    <Stack gap="lg">
      <SettingsForm organizationId={organizationId} saved={fieldsOf(organization)} />
      <Section
        title="Delete this organization"
        lead={
          <>
            Created <When at={organization.createdAt} />. Deleting it ends its memberships and its
            provisioning at once. Its id can never be used again.
          </>
        }
      >
        <div>
          <Button variant="default" c="var(--mantine-color-error)" onClick={open}>
            Delete organization
          </Button>
        </div>
      </Section>
      {deleting && <DeleteOrganization organization={organization} onClose={close} />}
    </Stack>
  );
}

function SettingsForm({ organizationId, saved }: { organizationId: string; saved: Fields }) {
  const [draft, setDraft] = useDraft<Draft>(`settings of ${organizationId}`);
  const { base, mine } = draft ?? { base: saved, mine: saved };
  const saving = useMutation({
    mutationFn: () => {
      const params = { path: { organizationId } };
      const { customData, ...body } = changedFields(base, mine);
      const bodySerializer = (others: object) => bodyWith(customData, others);
      return orThrow(
        api.PATCH('/organizations/{organizationId}', { params, body, bodySerializer }),
      );
    },
    onSuccess: () => {
      setDraft(undefined);
      notify('The settings are saved.');
    },
  });

  const discard = () => {
    saving.reset();
    setDraft(undefined);
  };
  const reasons = fieldErrors(saving.error);
  const badData = customDataReason(mine.customData);
  const change = (name: keyof Fields, value: string) => {
    const next = { ...mine, [name]: value };
    saving.reset();
    setDraft(isSame(next, base) ? undefined : { base, mine: next });
  };
  const field = (name: 'name' | 'description') => ({
    value: mine[name],
    error: reasons[name],
    onChange: ({ currentTarget }: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      change(name, currentTarget.value),
  });
  return (
    <>
      <Section title="Settings">
        <NameInput {...field('name')} />
        <DescriptionInput {...field('description')} />
        <Textarea
          label="Custom data"
          description="A JSON object for your application, at most 8 KiB."
          autosize
          minRows={4}
          maxRows={16}
          value={mine.customData}
          error={badData ?? reasons.customData}
          onChange={({ currentTarget }) => change('customData', currentTarget.value)}
          data-monospace
          autoComplete="off"
          spellCheck={false}
        />
      </Section>
      {draft && (
        <SaveBar
          summary="The settings have unsaved changes."
          saving={saving.isPending}
          error={saving.error}
          fields={mine}
          blocked={badData && 'Correct the custom data, then save.'}
          onSave={() => saving.mutate()}
          onDiscard={discard}
        />
      )}
      <UnsavedGuard dirty={draft !== undefined} onDiscard={discard} />
    </>
  );
}
