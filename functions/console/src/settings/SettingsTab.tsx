import { Button, JsonInput, Stack, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { answered, api } from '../api/client';
import { reasonAt } from '../api/problem';
import { useDraft } from '../app/drafts';
import { organizationQuery } from '../organizations/queries';
import { Section } from '../ui/Card';
import { FormProblem } from '../ui/FormProblem';
import { notify } from '../ui/notify';
import { SaveBar } from '../ui/SaveBar';
import { UnsavedGuard } from '../ui/UnsavedGuard';
import { When } from '../ui/When';
import { DeleteOrganization } from './DeleteOrganization';
import { changedFields, customDataReason, type Fields, fieldsOf, isSame } from './fields';

const PLACES = ['/name', '/description', '/customData'] as const;

interface Draft {
  /** What was there when the editing began. */
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
            Created <When at={organization.createdAt} />. Deleting ends its memberships and its
            provisioning at once, and its id is never used again.
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
  const queries = useQueryClient();
  const [draft, setDraft] = useDraft<Draft>(`settings of ${organizationId}`);
  const { base, mine } = draft ?? { base: saved, mine: saved };
  const saving = useMutation({
    mutationFn: async () => {
      const params = { path: { organizationId } };
      const body = changedFields(base, mine);
      return (await answered(api.PATCH('/organizations/{organizationId}', { params, body }))).data;
    },
    onSuccess: (organization) => {
      queries.setQueryData(organizationQuery(organizationId).queryKey, organization);
      void queries.invalidateQueries({ queryKey: ['organizations'] });
      setDraft(undefined);
      notify('The settings are saved.');
    },
  });

  const change = (changed: Partial<Fields>) => {
    const next = { ...mine, ...changed };
    saving.reset();
    setDraft(isSame(next, base) ? undefined : { base, mine: next });
  };
  const discard = () => {
    saving.reset();
    setDraft(undefined);
  };
  const badData = customDataReason(mine.customData);
  return (
    <>
      <Section title="Settings">
        <TextInput
          label="Name"
          required
          maxLength={128}
          value={mine.name}
          error={reasonAt(saving.error, '/name')}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <Textarea
          label="Description"
          autosize
          minRows={2}
          maxLength={256}
          value={mine.description}
          error={reasonAt(saving.error, '/description')}
          onChange={(event) => change({ description: event.currentTarget.value })}
        />
        <JsonInput
          label="Custom data"
          description="A JSON object of your application's own, at most 8 KiB."
          autosize
          minRows={4}
          maxRows={16}
          value={mine.customData}
          error={badData ?? reasonAt(saving.error, '/customData')}
          onChange={(customData) => change({ customData })}
        />
        <FormProblem error={saving.error} places={PLACES} />
      </Section>
      {draft && (
        <SaveBar
          summary="The settings have unsaved changes."
          saving={saving.isPending}
          disabled={badData !== undefined}
          onSave={() => saving.mutate()}
          onDiscard={discard}
        />
      )}
      <UnsavedGuard dirty={draft !== undefined} onDiscard={discard} />
    </>
  );
}
