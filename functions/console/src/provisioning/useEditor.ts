import { useMutation, useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { drafts, setDraft, useDraft } from '../app/drafts';
import { useStore } from '../app/store';
import { sayRepeated as sayRepeatedNames, sorted } from '../providers/names';
import { DEFAULTS, type ProviderSettings, providerIn, type Setting } from '../providers/settings';
import { rolesQuery } from '../roles/queries';
import { takenInto } from '../roles/selection';
import { notify } from '../ui/notify';
import { sayRepeated, takenIn } from './domains';
import { type Configuration, type Draft, draftOf, isUnsaved, type Part } from './draft';
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
export const typedKey = (organizationId: string, part: Part) =>
  `text for the ${part} of ${organizationId}`;

const typed = (key: string) => (drafts.value.get(key) ?? '') as string;

/** A configuration that is being edited, and what can be done with it. */
export function useEditor(organizationId: string, saved: Configuration) {
  const key = `provisioning of ${organizationId}`;
  const texts = {
    domains: typedKey(organizationId, 'domains'),
    roles: typedKey(organizationId, 'roles'),
    providers: typedKey(organizationId, 'providers'),
  };
  const [stored] = useDraft<Draft>(key);
  const hasText = useStore(drafts, (all) => Object.values(texts).some((text) => all.has(text)));
  const [refusal, setRefusal] = useState<Refusal>();
  const [notes, setNotes] = useState<Partial<Record<Part, Note>>>({});
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

  const change = <P extends Part>(part: P, items: Draft['mine'][P]) => {
    const draft = current();
    const next = { ...draft, mine: { ...draft.mine, [part]: items } };
    if (!saving.isPending) saving.reset();
    setRefusal((refusal) => (refusal?.domains || refusal?.providers ? refusal : undefined));
    setDraft(key, isUnsaved(next) ? next : undefined);
  };
  const say = (part: Part, text: string | undefined, blocks = false) =>
    setNotes((all) => ({ ...all, [part]: text && { text, blocks } }));
  const setText = (part: Part, text: string) => {
    setDraft(texts[part], text || undefined);
    if (notes[part]) say(part, undefined);
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
  /** Takes identity providers into the list. A single one that it has already stays in the field. */
  const takeProviders = () => {
    const { providers } = current().mine;
    const { added, repeated } = sorted(
      providers.map(({ id }) => id),
      typed(texts.providers),
    );
    if (added.length > 0) {
      change('providers', [...providers, ...added.map((id) => ({ id, ...DEFAULTS }))]);
    }
    const isLeft = added.length === 0 && repeated.length === 1;
    if (!isLeft) setText('providers', '');
    say('providers', sayRepeatedNames(repeated), isLeft);
    return !isLeft;
  };
  const removeProvider = (id: string) => {
    change(
      'providers',
      current().mine.providers.filter((other) => other.id !== id),
    );
  };
  /** Changes a provider, in its place. It may get another name while it is not saved. */
  const setProvider = (id: string, name: string, settings: ProviderSettings) => {
    const { providers } = current().mine;
    const changed = { ...settings, id: name };
    change(
      'providers',
      providers.map((provider) => (provider.id === id ? changed : provider)),
    );
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
    save: (): Part | undefined => {
      if (!takeDomains(typed(texts.domains))) return 'domains';
      if (!takeProviders()) return 'providers';
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
    takeProviders,
    removeProvider,
    setProvider,
    /** Takes over a setting that somebody else has saved. */
    takeTheirProvider: (id: string, setting: Setting) => {
      const { base, mine } = current();
      const [theirs, own] = [base.providers.items, mine.providers].map((all) =>
        providerIn(all, id),
      );
      if (theirs && own) setProvider(id, id, { ...own, [setting]: theirs[setting] });
    },
    discard: () => {
      discarded.current = true;
      saving.reset();
      setRefusal(undefined);
      setNotes({});
      for (const each of [key, ...Object.values(texts)]) setDraft(each, undefined);
    },
  };
}
