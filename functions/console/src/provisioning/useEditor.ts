import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useDraft } from '../app/drafts';
import { notify } from '../ui/notify';
import { joinDomains } from './domains';
import { type Configuration, type Draft, draftOf, isUnsaved, type List } from './draft';
import { type Outcome, save } from './save';

export type Refusal = Extract<Outcome, { kind: 'refused' }>;

/** A configuration that is being edited, and what can be done with it. */
export function useEditor(organizationId: string, saved: Configuration) {
  const [stored, setDraft] = useDraft<Draft>(`provisioning of ${organizationId}`);
  const [refusal, setRefusal] = useState<Refusal>();
  const draft = stored ?? draftOf(saved);

  const saving = useMutation({
    mutationFn: () => save(organizationId, draft),
    onSuccess: (outcome) => {
      setRefusal(outcome.kind === 'refused' ? outcome : undefined);
      if (outcome.kind === 'saved') {
        setDraft(undefined);
        notify('The provisioning is saved.');
      } else {
        setDraft(outcome.draft);
      }
    },
  });

  const change = (list: List, items: string[]) => {
    const next = { ...draft, mine: { ...draft.mine, [list]: items } };
    saving.reset();
    setDraft(isUnsaved(next) || next.theirs ? next : undefined);
  };
  const { domains } = draft.mine;
  return {
    draft,
    dirty: isUnsaved(draft),
    refusal,
    saving,
    save: () => saving.mutate(),
    addDomains: (more: string[]) => {
      const joined = joinDomains(domains, more);
      if (joined.length > domains.length) change('domains', joined);
    },
    removeDomain: (domain: string) =>
      change(
        'domains',
        domains.filter((other) => other !== domain),
      ),
    setRoles: (roles: string[]) => change('roles', roles),
    discard: () => {
      saving.reset();
      setRefusal(undefined);
      setDraft(undefined);
    },
  };
}
