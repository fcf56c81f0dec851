import { Button, Stack, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { type ChangeEvent, type FormEvent, useRef } from 'react';
import { fieldErrors } from '../api/problem';
import type { Organization } from '../api/types';
import { TextsConflict } from '../conflict/TextsConflict';
import { organizationQuery, useIsGone } from '../organizations/queries';
import { Section } from '../ui/Card';
import { DescriptionInput, NameInput, submitOnCtrlEnter } from '../ui/fields';
import { SaveBar } from '../ui/SaveBar';
import { UnsavedGuard } from '../ui/UnsavedGuard';
import { DeleteOrganization } from './DeleteOrganization';
import { customDataReason, type SettingsField } from './fields';
import { useSettings } from './useSettings';

const LABELS = { name: 'Name', description: 'Description', customData: 'Custom data' };

export function SettingsTab() {
  const { organizationId } = useParams({ from: '/organizations/$organizationId' });
  const { data: organization } = useSuspenseQuery(organizationQuery(organizationId));
  const [deleting, { open, close }] = useDisclosure();
  return (
    <Stack gap="lg">
      <SettingsForm organization={organization} />
      <Section
        title="Delete this organization"
        lead="Deleting it ends its memberships and its provisioning at once. Its ID can never be used again."
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

function SettingsForm({ organization }: { organization: Organization }) {
  const { draft, mine, saving, change, save, discard } = useSettings(organization);
  const gone = useIsGone(organization.id);
  const form = useRef<HTMLFormElement>(null);
  const reasons = fieldErrors(saving.error);
  const badData = customDataReason(mine.customData);
  const field = (name: SettingsField) => ({
    name,
    value: mine[name],
    error: reasons[name],
    onChange: ({ currentTarget }: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      change(name, currentTarget.value),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!badData) save();
  };
  const take = (name: SettingsField) => {
    if (draft) change(name, draft.base.texts[name]);
    const input = form.current?.elements.namedItem(name);
    if (input instanceof HTMLElement) input.focus();
  };
  return (
    <>
      {draft?.theirs && (
        <TextsConflict
          draft={draft}
          labels={LABELS}
          saving={saving.isPending}
          onKeepMine={save}
          onTakeTheirs={discard}
          onTake={take}
        />
      )}
      <Section title="Settings">
        <form ref={form} onSubmit={submit} noValidate>
          <Stack>
            <NameInput {...field('name')} />
            <DescriptionInput {...field('description')} />
            <Textarea
              label={LABELS.customData}
              description="A JSON object for your application, at most 8 KiB."
              autosize
              minRows={4}
              maxRows={16}
              {...field('customData')}
              error={badData ?? reasons.customData}
              onKeyDown={submitOnCtrlEnter}
              data-monospace
              autoComplete="off"
              spellCheck={false}
            />
          </Stack>
        </form>
      </Section>
      {draft && !gone && (
        <SaveBar
          summary="The settings have unsaved changes"
          saving={saving.isPending}
          error={saving.error}
          fields={mine}
          blocked={badData && 'Correct the custom data, then save.'}
          onSave={save}
          onDiscard={discard}
        />
      )}
      <UnsavedGuard dirty={draft !== undefined && !gone} onDiscard={discard} />
    </>
  );
}
