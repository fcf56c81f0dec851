import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useIsGone } from '../organizations/queries';
import { rolesQuery } from '../roles/queries';
import { RolePicker } from '../roles/RolePicker';
import { Section } from '../ui/Card';
import { SaveBar } from '../ui/SaveBar';
import { UnsavedGuard } from '../ui/UnsavedGuard';
import { Admission } from './Admission';
import { Conflict } from './Conflict';
import { DomainsInput } from './DomainsInput';
import { type Configuration, type Draft, unsaved } from './draft';
import { RefusedDomains } from './RefusedDomains';
import { summaryOf } from './summary';
import { type Refusal, useEditor } from './useEditor';

interface Props {
  organizationId: string;
  saved: Configuration;
}

export function Editor({ organizationId, saved }: Props) {
  const editor = useEditor(organizationId, saved);
  const { draft, dirty, refusal, saving } = editor;
  const gone = useIsGone(organizationId);
  const [text, setText] = useState('');
  const { data: roles } = useQuery(rolesQuery);
  const roleName = (id: string) => roles?.find((role) => role.id === id)?.name ?? id;
  const refused = remaining(refusal?.list === 'domains' ? refusal.reasons : {}, draft);
  const edit = (domain: string) => {
    editor.removeDomain(domain);
    setText(domain);
  };
  return (
    <Stack gap="lg">
      {draft.theirs && (
        <Conflict
          theirs={draft.theirs}
          roleName={roleName}
          saving={saving.isPending}
          onKeepMine={editor.save}
          onTakeTheirs={editor.discard}
        />
      )}
      <Section
        title="Email domains"
        lead="Users who sign up or sign in with a verified address in one of these domains become members. List only domains that this organization owns: Usher does not check who owns a domain."
      >
        <DomainsInput
          domains={draft.mine.domains}
          added={new Set(unsaved(draft, 'domains').added)}
          refused={refused}
          text={text}
          onTextChange={setText}
          onAdd={editor.addDomains}
          onRemove={editor.removeDomain}
        />
        {draft.mine.domains.length === 0 && (
          <Text c="dimmed" size="sm">
            No domain is listed yet, so nobody becomes a member by email address. Add the first one.
          </Text>
        )}
        <RefusedDomains
          refused={refused}
          rolesSaved={refusal?.rolesSaved ?? false}
          onEdit={edit}
          onRemove={editor.removeDomain}
        />
      </Section>
      <Section
        title="Default roles"
        lead="The roles that new members get. Existing members keep the roles they have."
      >
        <RolePicker
          label="Default roles"
          value={draft.mine.roles}
          onChange={editor.setRoles}
          error={refusal?.list === 'roles' ? 'These roles are not saved.' : undefined}
        />
      </Section>
      <Admission organizationId={organizationId} dirty={dirty} />
      {dirty && (
        <SaveBar
          summary={summaryOf(draft)}
          saving={saving.isPending}
          error={saving.error ?? unexplained(refusal)}
          onSave={editor.save}
          onDiscard={editor.discard}
        />
      )}
      <UnsavedGuard dirty={dirty && !gone} onDiscard={editor.discard} />
    </Stack>
  );
}

/** The error of a refusal, unless the domains show the reason for each of them. */
function unexplained(refusal: Refusal | undefined): unknown {
  const explained = refusal?.list === 'domains' && Object.keys(refusal.reasons).length > 0;
  return explained ? null : refusal?.error;
}

/** The reasons for the domains that are still in the draft. */
function remaining(reasons: Record<string, string>, { mine }: Draft): Record<string, string> {
  const there = new Set(mine.domains);
  return Object.fromEntries(Object.entries(reasons).filter(([domain]) => there.has(domain)));
}
