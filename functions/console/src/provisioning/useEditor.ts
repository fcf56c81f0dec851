import { useMutation, useQuery } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { drafts, setDraft, useDraft } from '../app/drafts';
import { useStore } from '../app/store';
import { sayRepeated as sayRepeatedNames, sorted } from '../providers/names';
import {
  DEFAULTS,
  type Setting as ProviderSetting,
  type ProviderSettings,
  type Providers,
  providerIn,
} from '../providers/settings';
import { rolesQuery } from '../roles/queries';
import { takenInto } from '../roles/selection';
import { notify } from '../ui/notify';
import type { Setting, SomeSettings } from './domainSettings';
import { sayRepeated, takenIn } from './domains';
import {
  type Configuration,
  type DomainEdit,
  type Draft,
  draftOf,
  isUnsaved,
  type List,
  type Part,
  settingsIn,
  withEdit,
  withItems,
  withoutEdit,
  withProviders,
} from './draft';
import { type Refusal, remaining } from './outcome';
import type { Review } from './review';
import { save } from './save';

/** The fields whose text belongs to the draft. */
type Field = Part | 'ownRoles';

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

/** Where the text is kept that is typed into the field for the roles of one domain. */
const ownRolesKey = (organizationId: string, domain: string) =>
  `text for the roles of the domain ${domain} of ${organizationId}`;

/** Whether a key is that of a text which is typed for an organization. */
const isTyped = (key: string, organizationId: string) =>
  key.startsWith('text for the ') && key.endsWith(` of ${organizationId}`);

const typed = (key: string) => (drafts.value.get(key) ?? '') as string;

/** The field whose text cannot be taken in: that of a part, or that of the roles of one domain. */
export type Blocked = Part | { rolesOf: string };

/** A configuration that is being edited, and what can be done with it. */
export function useEditor(organizationId: string, saved: Configuration) {
  const key = `provisioning of ${organizationId}`;
  const texts = {
    domains: typedKey(organizationId, 'domains'),
    roles: typedKey(organizationId, 'roles'),
    providers: typedKey(organizationId, 'providers'),
    ownRoles: (domain: string) => ownRolesKey(organizationId, domain),
  };
  const [stored] = useDraft<Draft>(key);
  const hasText = useStore(drafts, (all) =>
    [...all.keys()].some((each) => isTyped(each, organizationId)),
  );
  const [refusal, setRefusal] = useState<Refusal>();
  const [notes, setNotes] = useState<Partial<Record<Field, Note>>>({});
  const { data: roles = [] } = useQuery(rolesQuery);
  const draft = useMemo(() => stored ?? draftOf(saved), [stored, saved]);
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

  const keep = (next: Draft) => {
    if (!saving.isPending) saving.reset();
    setRefusal((refusal) => (refusal?.domains || refusal?.providers ? refusal : undefined));
    setDraft(key, isUnsaved(next) ? next : undefined);
  };
  const change = (list: List, items: string[]) => {
    keep(withItems(current(), list, items));
  };
  const say = (field: Field, text: string | undefined, blocks = false) =>
    setNotes((all) => ({ ...all, [field]: text && { text, blocks } }));
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
  /** Takes in the texts for roles of single domains. Returns the first domain whose text is no role. */
  const takeOwnRoles = () =>
    current().mine.domains.find((domain) => {
      const text = typed(texts.ownRoles(domain));
      if (text === '') return false;
      const selected = settingsIn(current(), domain).organizationRoleIds ?? [];
      const taken = takenInto(selected, text, roles);
      if ('reason' in taken) {
        say('ownRoles', taken.reason, true);
        return true;
      }
      keep(withEdit(current(), domain, { organizationRoleIds: taken.selection }));
      setDraft(texts.ownRoles(domain), undefined);
      return false;
    });
  const changeProviders = (providers: Providers) => keep(withProviders(current(), providers));
  /** Takes identity providers into the list. A single one that it has already stays in the field. */
  const takeProviders = () => {
    const { providers } = current().mine;
    const { added, repeated } = sorted(
      providers.map(({ id }) => id),
      typed(texts.providers),
    );
    if (added.length > 0) {
      changeProviders([...providers, ...added.map((id) => ({ id, ...DEFAULTS }))]);
    }
    const isLeft = added.length === 0 && repeated.length === 1;
    if (!isLeft) setText('providers', '');
    say('providers', sayRepeatedNames(repeated), isLeft);
    return !isLeft;
  };
  const removeProvider = (id: string) => {
    changeProviders(current().mine.providers.filter((other) => other.id !== id));
  };
  /** Changes a provider, in its place. It may get another name while it is not saved. */
  const setProvider = (id: string, name: string, settings: ProviderSettings) => {
    const { providers } = current().mine;
    const changed = { ...settings, id: name };
    changeProviders(providers.map((provider) => (provider.id === id ? changed : provider)));
  };
  const without = (gone: Iterable<string>) => {
    const dropped = new Set(gone);
    for (const domain of dropped) {
      if (drafts.value.has(texts.ownRoles(domain))) setDraft(texts.ownRoles(domain), undefined);
    }
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
    /** Saves, unless a text that is typed cannot be taken in. Returns the field whose text it is. */
    save: (): Blocked | undefined => {
      if (!takeDomains(typed(texts.domains))) return 'domains';
      if (!takeProviders()) return 'providers';
      if (!takeRole()) return 'roles';
      const blocked = takeOwnRoles();
      if (blocked !== undefined) return { rolesOf: blocked };
      if (isUnsaved(current())) saving.mutate(current());
      return undefined;
    },
    /** Adds the new domains of a text, which all begin with the same settings. */
    addReviewed: ({ added, listed }: Review, edit: DomainEdit) => {
      const { domains } = current().mine;
      const grown = withItems(current(), 'domains', [...domains, ...added]);
      keep(added.reduce((draft, domain) => withEdit(draft, domain, edit), grown));
      setDraft(texts.domains, undefined);
      say('domains', sayRepeated(listed));
    },
    /** Changes settings of a domain. */
    setUp: (domain: string, settings: SomeSettings) => keep(withEdit(current(), domain, settings)),
    /** Drops what I set for one setting of a domain. */
    takeTheirs: (domain: string, setting: Setting) => keep(withoutEdit(current(), domain, setting)),
    /** Whether a new domain lets nobody in until DNS proves who owns it. */
    setProof: (domain: string, isFirst: boolean) =>
      keep(
        isFirst
          ? withEdit(current(), domain, { ownership: 'pending' })
          : withoutEdit(current(), domain, 'ownership'),
      ),
    setOwnRolesText: (domain: string, text: string) => {
      setDraft(texts.ownRoles(domain), text || undefined);
      if (notes.ownRoles) say('ownRoles', undefined);
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
    takeTheirProvider: (id: string, setting: ProviderSetting) => {
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
      const all = [...drafts.value.keys()].filter((each) => isTyped(each, organizationId));
      for (const each of [key, ...all]) setDraft(each, undefined);
    },
  };
}

/** What {@link useEditor} gives to those who show a part of the configuration. */
export type Editing = ReturnType<typeof useEditor>;
