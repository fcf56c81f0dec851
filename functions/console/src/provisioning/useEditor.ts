import { useMutation, useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { drafts, setDraft, useDraft } from '../app/drafts';
import { useStore } from '../app/store';
import { rolesQuery } from '../roles/queries';
import { takenInto } from '../roles/selection';
import { notify } from '../ui/notify';
import { sayRepeated, takenIn } from './domains';
import { type Configuration, type Draft, draftOf, isUnsaved, type List } from './draft';
import { type Refusal, remaining } from './outcome';
import { save } from './save';

/** What is said about the text in a field. */
export interface Note {
  text: string;
  /** Whether the text in the field is not taken in for this reason. */
  blocks: boolean;
}

/**
 * Where the text is kept that is typed, but not taken in yet. It belongs to the draft, but has a key of
 * its own, because it changes with each key that is pressed.
 */
export const typedKey = (organizationId: string, list: List) =>
  `text for the ${list} of ${organizationId}`;

const typed = (key: string) => (drafts.value.get(key) ?? '') as string;

/** A configuration that is being edited, and what can be done with it. */
export function useEditor(organizationId: string, saved: Configuration) {
  const key = `provisioning of ${organizationId}`;
  const texts = {
    domains: typedKey(organizationId, 'domains'),
    roles: typedKey(organizationId, 'roles'),
  };
  const [stored] = useDraft<Draft>(key);
  const hasText = useStore(drafts, (all) => all.has(texts.domains) || all.has(texts.roles));
  const [refusal, setRefusal] = useState<Refusal>();
  const [notes, setNotes] = useState<Partial<Record<List, Note>>>({});
  const { data: roles = [] } = useQuery(rolesQuery);
  const draft = stored ?? draftOf(saved);
  /** Whether the changes were discarded since the last save began. */
  const discarded = useRef(false);

  /** The draft at this moment, which may be newer than the last one that was rendered. */
  const current = () => (drafts.value.get(key) as Draft | undefined) ?? draftOf(saved);
  const saving = useMutation({
    mutationFn: (sent: Draft) => save(organizationId, sent),
    onMutate: () => {
      discarded.current = false;
    },
    onSuccess: (outcome) => {
      // What is stored by now stays so, and of the discarded changes nothing is left to save.
      if (discarded.current) {
        if (outcome.kind === 'saved') notify('The provisioning is saved.');
        return;
      }
      const left = remaining(current(), outcome);
      setDraft(key, left);
      setRefusal(outcome.kind === 'refused' ? outcome.refusal : undefined);
      if (outcome.kind === 'saved' || !left) notify('The provisioning is saved.');
    },
  });

  const change = (list: List, items: string[]) => {
    const draft = current();
    const next = { ...draft, mine: { ...draft.mine, [list]: items } };
    if (!saving.isPending) saving.reset();
    setRefusal((refusal) => (refusal?.domains ? refusal : undefined));
    setDraft(key, isUnsaved(next) ? next : undefined);
  };
  const say = (list: List, text: string | undefined, blocks = false) =>
    setNotes((all) => ({ ...all, [list]: text && { text, blocks } }));
  const setText = (list: List, text: string) => {
    setDraft(texts[list], text || undefined);
    if (notes[list]) say(list, undefined);
  };
  const add = (text: string) => {
    const { domains } = current().mine;
    const taken = takenIn(domains, text);
    if (taken.domains.length > domains.length) change('domains', taken.domains);
    return taken;
  };
  /** Takes domains into the list, if it does not have them. The rest of the text stays in the field. */
  const takeDomains = (text: string, rest = '') => {
    const taken = add(text);
    const left = rest || taken.text;
    setDraft(texts.domains, left || undefined);
    say('domains', sayRepeated(taken.repeated), left !== '' && rest === '');
    return taken.text === '';
  };
  const takeRole = () => {
    const { mine } = current();
    const taken = takenInto(mine.roles, typed(texts.roles), roles);
    if ('reason' in taken) {
      say('roles', taken.reason, true);
      return false;
    }
    if (taken.selection.length > mine.roles.length) change('roles', taken.selection);
    setText('roles', '');
    return true;
  };
  const without = (gone: Iterable<string>) => {
    const dropped = new Set(gone);
    return current().mine.domains.filter((domain) => !dropped.has(domain));
  };
  return {
    draft,
    dirty: isUnsaved(draft) || hasText,
    hasText,
    refusal,
    notes,
    saving,
    texts,
    setText,
    takeDomains,
    /** Saves, unless a text that is typed cannot be taken in. Returns the list whose text it is. */
    save: (): List | undefined => {
      if (!takeDomains(typed(texts.domains))) return 'domains';
      if (!takeRole()) return 'roles';
      if (isUnsaved(current())) saving.mutate(current());
      return undefined;
    },
    removeDomains: (gone: Iterable<string>) => change('domains', without(gone)),
    /** Puts a domain into the field, after the text that is there is taken in. */
    editDomain: (domain: string) => {
      const { repeated } = add(typed(texts.domains));
      change('domains', without([domain]));
      setDraft(texts.domains, domain);
      say('domains', sayRepeated(repeated));
    },
    /** Replaces domains by what is certainly meant. */
    mendDomains: (mended: ReadonlyMap<string, string>) => {
      change('domains', without(mended.keys()));
      const { repeated } = add([...mended.values()].join(' '));
      say('domains', sayRepeated(repeated));
    },
    setRoles: (roles: string[]) => change('roles', roles),
    discard: () => {
      discarded.current = true;
      saving.reset();
      setRefusal(undefined);
      setNotes({});
      for (const each of [key, texts.domains, texts.roles]) setDraft(each, undefined);
    },
  };
}
