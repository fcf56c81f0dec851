import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { api, orThrow } from '../api/client';
import type { Organization } from '../api/types';
import { drafts, useDraft } from '../app/drafts';
import { type Draft, isUnsaved, type Versioned } from '../conflict/fields';
import { afterSave, type Source, save } from '../conflict/save';
import { bodyWith, organizationOf } from '../organizations/customData';
import { readOrganization } from '../organizations/queries';
import { notify } from '../ui/notify';
import { bodyOf, normalised, type SettingsField, settingsOf } from './fields';

type SettingsDraft = Draft<SettingsField>;

/** The settings of an organization that are being edited, and what can be done with them. */
export function useSettings(organization: Organization) {
  const { id } = organization;
  const key = `settings of ${id}`;
  const [stored, setDraft] = useDraft<SettingsDraft>(key);
  const queries = useQueryClient();
  const { base, mine, theirs } = stored ?? draftOf(organization);
  /** Whether the changes were discarded since the last save began. */
  const discarded = useRef(false);

  /** Keeps a draft while there is something to save in it. */
  const keep = (draft: SettingsDraft) => setDraft(isUnsaved(draft) ? draft : undefined);
  const normalisedDraft = (draft: SettingsDraft) => ({ ...draft, mine: normalised(draft.mine) });
  const saving = useMutation({
    mutationKey: [key],
    mutationFn: (sent: SettingsDraft) => save(normalisedDraft(sent), sourceOf(id)),
    onMutate: () => {
      discarded.current = false;
    },
    onSuccess: (saved, sent) => {
      // Without a draft, the texts are again as they were before the save.
      const current = (drafts.value.get(key) as SettingsDraft | undefined)?.mine ?? sent.base.texts;
      const typed = current === sent.mine ? undefined : current;
      const next = afterSave(normalisedDraft(sent), saved, typed);
      // Of discarded changes nothing is left to save.
      if (!discarded.current) keep(next);
      if (!saved.isConflict || !isUnsaved(next)) notify('The settings are saved.');
    },
  });

  return {
    draft: stored,
    mine,
    saving,
    change: (field: SettingsField, text: string) => {
      if (!saving.isPending) saving.reset();
      keep({ base, mine: { ...mine, [field]: text }, ...(theirs && { theirs }) });
    },
    save: () => {
      // A second click can come before the first one is rendered.
      if (stored && queries.isMutating({ mutationKey: [key] }) === 0) saving.mutate(stored);
    },
    discard: () => {
      discarded.current = true;
      saving.reset();
      setDraft(undefined);
    },
  };
}

function draftOf(organization: Organization): SettingsDraft {
  const base = versioned(organization);
  return { base, mine: base.texts };
}

function versioned(organization: Organization): Versioned<SettingsField> {
  return { texts: settingsOf(organization), etag: organization.etag };
}

/** The settings of an organization in the API. */
function sourceOf(organizationId: string): Source<SettingsField> {
  return {
    read: async () => versioned(await readOrganization(organizationId)),
    write: async ({ customData, ...others }, etag) => {
      const params = { path: { organizationId }, header: { 'If-Match': etag } };
      const { data, headers } = await orThrow(
        api.PATCH('/organizations/{organizationId}', {
          params,
          body: bodyOf(others),
          bodySerializer: (body: object) => bodyWith(customData, body),
          parseAs: 'text',
        }),
      );
      return versioned(organizationOf(data, headers));
    },
  };
}
