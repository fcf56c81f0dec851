import { api, orThrow } from '../api/client';
import { ApiError } from '../api/problem';
import { providersChanges } from './changes';
import {
  DEFAULTS,
  type ProviderFacts,
  type ProviderSettings,
  type Providers,
  providerIn,
} from './settings';

/** An organization's identity providers as they were last read, and their version. */
export interface ListedProviders {
  items: Providers;
  /** What the user pool and the list say about each, apart from its settings. */
  facts: readonly ProviderFacts[];
  etag: string;
}

/** The codes with which the API refused providers, by provider (docs/errors.md). */
export type RefusedProviders = ReadonlyMap<string, string>;

/** The result of saving: what is stored by now, and what has ended the saving, if anything. */
export interface SavedProviders {
  now: ListedProviders;
  failure?: { error: unknown; refused: RefusedProviders };
}

/** One request of a save. */
interface Step {
  /** The providers in the request, in order. */
  ids: readonly string[];
  /** Sends it, if the list has this version. Resolves with the headers of the answer. */
  send: (etag: string) => Promise<Headers>;
  /** The list afterwards. */
  after: (before: Providers) => Providers;
}

/**
 * Saves the changes of a list, each if nobody else has changed the list since the one before. A
 * provider is added together with its settings, so that nobody joins by it with others.
 */
export async function saveProviders(
  organizationId: string,
  base: ListedProviders,
  mine: Providers,
): Promise<SavedProviders> {
  let now = base;
  for (const { ids, send, after } of stepsOf(organizationId, base.items, mine)) {
    try {
      const headers = await send(now.etag);
      now = { ...now, items: after(now.items), etag: headers.get('etag') ?? '' };
    } catch (error) {
      return { now, failure: { error, refused: refusedBy(error, ids) } };
    }
  }
  return { now };
}

function stepsOf(organizationId: string, base: Providers, mine: Providers): Step[] {
  const { added, removed, changed } = providersChanges(base, mine);
  const of = (id: string): ProviderSettings => {
    const { id: _, ...settings } = providerIn(mine, id) ?? { id, ...DEFAULTS };
    return settings;
  };
  const alike = Map.groupBy(added, (id) => JSON.stringify(of(id)));
  return [
    ...(removed.length > 0 ? [removal(organizationId, base, removed)] : []),
    ...changed.map(({ id, settings }) => {
      const entries = settings.map((setting) => [setting, of(id)[setting]]);
      return change(organizationId, id, Object.fromEntries(entries));
    }),
    ...[...alike.values()].map((ids) => addition(organizationId, ids, of(ids[0] ?? ''))),
  ];
}

const LIST = '/organizations/{organizationId}/jit/sso-connectors';

function removal(organizationId: string, base: Providers, removed: readonly string[]): Step {
  const gone = new Set(removed);
  const ids = base.map(({ id }) => id).filter((id) => !gone.has(id));
  return {
    ids,
    send: async (etag) => {
      const params = { path: { organizationId }, header: { 'If-Match': etag } };
      return (await orThrow(api.PUT(LIST, { params, body: { ssoConnectorIds: ids } }))).headers;
    },
    after: (before) => before.filter((provider) => !gone.has(provider.id)),
  };
}

function change(organizationId: string, id: string, body: Partial<ProviderSettings>): Step {
  return {
    ids: [id],
    send: async (etag) => {
      const path = { organizationId, ssoConnectorId: id };
      const params = { path, header: { 'If-Match': etag } };
      return (await orThrow(api.PATCH(`${LIST}/{ssoConnectorId}`, { params, body }))).headers;
    },
    after: (before) =>
      before.map((provider) => (provider.id === id ? { ...provider, ...body } : provider)),
  };
}

function addition(organizationId: string, ids: string[], settings: ProviderSettings): Step {
  return {
    ids,
    send: async (etag) => {
      const params = { path: { organizationId }, header: { 'If-Match': etag } };
      const body = { ssoConnectorIds: ids, ...settings };
      return (await orThrow(api.POST(LIST, { params, body }))).headers;
    },
    after: (before) => [...before, ...ids.map((id) => ({ id, ...settings }))],
  };
}

/** The providers that were refused. What is wrong with a setting is wrong with all in the request. */
function refusedBy(error: unknown, ids: readonly string[]): RefusedProviders {
  if (!(error instanceof ApiError)) return new Map();
  const entries = error.violations.flatMap(({ pointer, code }) => {
    const [, place] = /^\/ssoConnectorIds\/(\d+)$/.exec(pointer) ?? [];
    const meant = place === undefined ? ids : ids.slice(Number(place), Number(place) + 1);
    return meant.map((id) => [id, code] as const);
  });
  // The last entry wins, and the API's first reason for a provider is the one to show.
  return new Map(entries.toReversed());
}

/** The refused providers that are still in a list. */
export function refusedIn(providers: Providers, refused: RefusedProviders = new Map()) {
  return new Map([...refused].filter(([id]) => providerIn(providers, id) !== undefined));
}
