import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type RefObject, useEffect, useMemo, useRef, useState } from 'react';
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
import { DomainPage } from './DomainPage';
import { ALL_IN_VIEW, Domains } from './Domains';
import { DEFAULTS } from './domainSettings';
import type { Configuration, Draft } from './draft';
import type { Refusal } from './outcome';
import type { Refused } from './refusals';
import { summaryOf } from './summary';
import { type Editing, useEditor } from './useEditor';
import { useLatest } from './useLatest';

interface Props {
  organizationId: string;
  saved: Configuration;
}

export function Editor({ organizationId, saved }: Props) {
  const editing = useEditor(organizationId, saved);
  const { draft, dirty, refusal, saving } = editing;
  const gone = useIsGone(organizationId);
  const domainField = useRef<HTMLInputElement>(null);
  const roleField = useRef<HTMLInputElement>(null);
  const providerField = useRef<HTMLInputElement>(null);
  const [view, setView] = useState(ALL_IN_VIEW);
  const { data: roles = [] } = useQuery(rolesQuery);
  const refused = useRefused(refusal, draft);
  const refusedProviders = refusedIn(draft.mine.providers, refusal?.providers);
  const { domain, open } = useOpenDomain(refusal);
  const save = () => {
    const blocked = editing.save();
    if (blocked === undefined) return;
    if (typeof blocked === 'object') open(blocked.rolesOf);
    else if (domain !== undefined) open(undefined);
    else {
      const fields = { domains: domainField, roles: roleField, providers: providerField };
      fields[blocked].current?.focus();
    }
  };
  return (
    <Stack gap="lg">
      {draft.theirs && (
        <Conflict
          draft={draft}
          theirs={draft.theirs}
          roleName={(id) => roleNameOf(id, roles) ?? id}
          saving={saving.isPending}
          onKeepMine={save}
          onTakeTheirs={editing.discard}
          onTake={editing.takeTheirs}
          onTakeProvider={editing.takeTheirProvider}
        />
      )}
      {domain === undefined ? (
        <>
          <Domains
            organizationId={organizationId}
            editing={editing}
            stored={saved.rules}
            refused={refused}
            field={domainField}
            view={view}
            onView={setView}
          />
          <ProvidersSection
            saved={saved.providers}
            editing={editing}
            refused={refusedProviders}
            field={providerField}
          />
          <Section
            title="Default roles"
            lead="The roles that new members get. Existing members keep the roles they have."
          >
            <DefaultRoles editing={editing} field={roleField} />
          </Section>
          <Admission organizationId={organizationId} draft={draft} />
        </>
      ) : (
        <DomainPage
          organizationId={organizationId}
          domain={domain}
          editing={editing}
          stored={saved.rules}
          onRemove={() => {
            editing.removeDomains([domain]);
            open(undefined);
          }}
        />
      )}
      {dirty && !gone && (
        <SaveBar
          summary={summaryOf(draft, {
            hasText: editing.hasText,
            refused: Object.keys(refused).length,
            refusedProviders: refusedProviders.size,
          })}
          saving={saving.isPending}
          error={saving.error ?? withoutPlace(refusal)}
          fields={refusal?.settingsOf !== undefined && domain !== undefined ? DEFAULTS : {}}
          onSave={save}
          onDiscard={editing.discard}
        />
      )}
      <UnsavedGuard dirty={dirty && !gone} onDiscard={editing.discard} />
    </Stack>
  );
}

/** The domain that is looked at by itself, which the page's address names. */
function useOpenDomain(refusal: Refusal | undefined) {
  const { domain } = useSearch({ from: ROUTE });
  const navigate = useNavigate({ from: ROUTE });
  const open = (next: string | undefined) =>
    void navigate({ to: '.', search: next === undefined ? {} : { domain: next } });
  // A navigation scrolls to the top, also one to where one is already.
  const go = useLatest((next: string | undefined) => {
    if (next !== domain) open(next);
  });
  useEffect(() => {
    // What was refused is shown in the list, or beside the settings of one domain.
    if (refusal?.settingsOf !== undefined) go(refusal.settingsOf);
    else if (refusal?.domains || refusal?.providers) go(undefined);
  }, [refusal, go]);
  const before = useRef(domain);
  useEffect(() => {
    const left = before.current;
    before.current = domain;
    if (domain !== undefined || left === undefined) return;
    focusAfter(left);
  }, [domain]);
  return { domain, open };
}

const ROUTE = '/organizations/$organizationId/';

/**
 * Focuses what comes after a domain was looked at: a field that blocks a save, or its link. An alert that
 * says what was refused has taken the focus already.
 */
function focusAfter(domain: string) {
  if (document.activeElement?.closest('[role="alert"]')) return;
  const link = `[data-row="${CSS.escape(domain)}"] a`;
  const next = document.querySelector<HTMLElement>('[aria-invalid="true"]');
  (next ?? document.querySelector<HTMLElement>(link))?.focus();
}

interface DefaultRolesProps {
  editing: Editing;
  field: RefObject<HTMLInputElement | null>;
}

/** The picker of default roles. It alone follows the text in its field. */
function DefaultRoles({ editing, field }: DefaultRolesProps) {
  const { draft, notes, refusal, texts } = editing;
  const [text = ''] = useDraft<string>(texts.roles);
  return (
    <RolePicker
      label="Default roles"
      creatable
      value={draft.mine.roles}
      onChange={editing.setRoles}
      text={text}
      onTextChange={(next) => editing.setText('roles', next)}
      error={notes.roles?.text ?? (areRolesRefused(refusal) && 'These roles are not saved.')}
      fieldRef={field}
    />
  );
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
