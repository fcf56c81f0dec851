import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, type RefObject, useMemo, useRef } from 'react';
import { ApiError } from '../api/problem';
import { useDraft } from '../app/drafts';
import { useIsGone } from '../organizations/queries';
import { ProvidersSection } from '../providers/ProvidersSection';
import { refusedIn } from '../providers/save';
import { rolesQuery } from '../roles/queries';
import { RolePicker } from '../roles/RolePicker';
import { roleNameOf } from '../roles/selection';
import { Section } from '../ui/Card';
import { SaveBar } from '../ui/SaveBar';
import { UnsavedGuard } from '../ui/UnsavedGuard';
import { Admission } from './Admission';
import { Conflict } from './Conflict';
import { changes } from './changes';
import { DomainsInput } from './DomainsInput';
import type { Configuration, Draft } from './draft';
import type { Refusal } from './outcome';
import { RefusedDomains } from './RefusedDomains';
import type { Refused } from './refusals';
import { summaryOf } from './summary';
import { useEditor } from './useEditor';

interface Props {
  organizationId: string;
  saved: Configuration;
}

export function Editor({ organizationId, saved }: Props) {
  const editor = useEditor(organizationId, saved);
  const { draft, dirty, refusal, notes, saving } = editor;
  const gone = useIsGone(organizationId);
  const domainField = useRef<HTMLInputElement>(null);
  const roleField = useRef<HTMLInputElement>(null);
  const providerField = useRef<HTMLInputElement>(null);
  const { data: roles = [] } = useQuery(rolesQuery);
  const added = useAdded(draft);
  const refused = useRefused(refusal, draft);
  const refusedProviders = refusedIn(draft.mine.providers, refusal?.providers);
  const save = () => {
    const blocked = editor.save();
    if (blocked)
      ({ domains: domainField, roles: roleField, providers: providerField })[
        blocked
      ].current?.focus();
  };
  const edit = (domain: string) => {
    editor.editDomain(domain);
    domainField.current?.focus();
  };
  return (
    <Stack gap="lg">
      {draft.theirs && (
        <Conflict
          draft={draft}
          roleName={(id) => roleNameOf(id, roles) ?? id}
          saving={saving.isPending}
          onKeepMine={save}
          onTakeTheirs={editor.discard}
          onTakeProvider={editor.takeTheirProvider}
        />
      )}
      <Section
        title="Email domains"
        lead="Users who sign up or sign in with a verified address in one of these domains become members. List only domains that this organization owns: Usher does not check who owns a domain."
      >
        <DomainsInput
          domains={draft.mine.domains}
          added={added}
          refused={refused}
          textKey={editor.texts.domains}
          field={domainField}
          note={notes.domains}
          onTextChange={(text) => editor.setText('domains', text)}
          onTake={editor.takeDomains}
          onRemove={(domain) => editor.removeDomains([domain])}
        />
        {draft.mine.domains.length === 0 && (
          <Text c="dimmed" size="sm">
            No domain is listed yet, so nobody becomes a member by email address. Add the first one.
          </Text>
        )}
        {refusal && (
          <RefusedDomains
            refusal={refusal}
            refused={refused}
            field={domainField}
            onEdit={edit}
            onDrop={editor.removeDomains}
            onMend={editor.mendDomains}
          />
        )}
      </Section>
      <ProvidersSection
        saved={saved.providers}
        draft={draft}
        refused={refusedProviders}
        refusal={refusal}
        textKey={editor.texts.providers}
        field={providerField}
        note={notes.providers}
        onTextChange={(text) => editor.setText('providers', text)}
        onTake={editor.takeProviders}
        onRemove={editor.removeProvider}
        onChange={editor.setProvider}
      />
      <Section
        title="Default roles"
        lead="The roles that new members get. Existing members keep the roles they have."
      >
        <DefaultRoles
          value={draft.mine.roles}
          onChange={editor.setRoles}
          textKey={editor.texts.roles}
          onTextChange={(text) => editor.setText('roles', text)}
          error={notes.roles?.text ?? (areRolesRefused(refusal) && 'These roles are not saved.')}
          field={roleField}
        />
      </Section>
      <Admission organizationId={organizationId} draft={draft} />
      {dirty && !gone && (
        <SaveBar
          summary={summaryOf(draft, {
            hasText: editor.hasText,
            refused: Object.keys(refused).length,
            refusedProviders: refusedProviders.size,
          })}
          saving={saving.isPending}
          error={saving.error ?? withoutPlace(refusal)}
          onSave={save}
          onDiscard={editor.discard}
        />
      )}
      <UnsavedGuard dirty={dirty && !gone} onDiscard={editor.discard} />
    </Stack>
  );
}

interface DefaultRolesProps {
  value: string[];
  onChange: (value: string[]) => void;
  /** The key of the draft that is the text in the field. */
  textKey: string;
  onTextChange: (text: string) => void;
  error: ReactNode;
  field: RefObject<HTMLInputElement | null>;
}

/** The picker of default roles. It alone follows the text in its field. */
function DefaultRoles({ textKey, field, ...props }: DefaultRolesProps) {
  const [text = ''] = useDraft<string>(textKey);
  return <RolePicker label="Default roles" creatable text={text} fieldRef={field} {...props} />;
}

/** The domains of a draft that are not saved yet. */
function useAdded({ base, mine }: Draft): ReadonlySet<string> {
  const [before, after] = [base.domains.items, mine.domains];
  return useMemo(() => new Set(changes(before, after).added), [before, after]);
}

/** The refused domains that are still in the draft. */
function useRefused(refusal: Refusal | undefined, { mine }: Draft): Refused {
  const codes = refusal?.domains?.codes;
  const { domains } = mine;
  return useMemo(() => {
    const there = new Set(domains);
    return Object.fromEntries(Object.entries(codes ?? {}).filter(([domain]) => there.has(domain)));
  }, [codes, domains]);
}

/** Whether the roles were refused, rather than that the connection failed. */
function areRolesRefused(refusal: Refusal | undefined): boolean {
  const { list, error } = refusal ?? {};
  return list === 'roles' && error instanceof ApiError && error.status === 422;
}

/** The error of a refusal that names no domains and no providers. */
function withoutPlace(refusal: Refusal | undefined): unknown {
  return refusal && !refusal.domains && !refusal.providers ? refusal.error : null;
}
