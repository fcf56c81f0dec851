import { Alert, Button, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { useDraft } from '../app/drafts';
import { counted } from '../organizations/counts';
import { unsavedProviders } from '../provisioning/draft';
import type { Editing } from '../provisioning/useEditor';
import { rolesQuery } from '../roles/queries';
import { roleNameOf } from '../roles/selection';
import { Section } from '../ui/Card';
import { dialogPart } from '../ui/part';
import { ProviderRow, type RowState } from './ProviderRow';
import classes from './Providers.module.css';
import type { ListedProviders, RefusedProviders } from './save';
import { DEFAULTS, providerIn } from './settings';

const ProviderForm = dialogPart(() => import('./ProviderForm').then((it) => it.ProviderForm));

interface Props {
  /** What is stored. */
  saved: ListedProviders;
  editing: Editing;
  /** The refused providers that are still in the draft. */
  refused: RefusedProviders;
  field: RefObject<HTMLInputElement | null>;
}

/** The identity providers whose users join an organization, or ask to join it. */
export function ProvidersSection({ saved, editing, refused, field }: Props) {
  const { draft, refusal, removeProvider, setProvider } = editing;
  const [edited, setEdited] = useState<string>();
  const { data: roles = [] } = useQuery(rolesQuery);
  const roleName = (id: string) => roleNameOf(id, roles) ?? 'a deleted role';
  const { providers } = draft.mine;
  const { added, changed } = unsavedProviders(draft);
  const stateOf = (id: string): RowState => {
    if (refused.has(id)) return 'refused';
    if (added.includes(id)) return 'new';
    return changed.some((provider) => provider.id === id) ? 'changed' : 'saved';
  };
  return (
    <Section
      title="Identity providers"
      lead="Users who sign in through one of these become members, whatever their email address is. List only providers whose users all belong to this organization."
    >
      {providers.length > 0 && (
        <ul className={classes.list} aria-label="Identity providers">
          {providers.map(({ id, ...settings }) => (
            <ProviderRow
              key={id}
              id={id}
              settings={settings}
              facts={saved.facts.find((provider) => provider.id === id)}
              state={stateOf(id)}
              code={refused.get(id)}
              roleName={roleName}
              onEdit={() => setEdited(id)}
              onRemove={() => removeProvider(id)}
            />
          ))}
        </ul>
      )}
      <Refused refusal={refusal} refused={refused} />
      <AddProviders editing={editing} field={field} />
      {edited !== undefined && (
        <ProviderForm
          id={edited}
          settings={providerIn(providers, edited) ?? DEFAULTS}
          others={providers.map(({ id }) => id).filter((id) => id !== edited)}
          isNew={added.includes(edited)}
          onApply={(name, settings) => setProvider(edited, name, settings)}
          onClose={() => setEdited(undefined)}
        />
      )}
    </Section>
  );
}

/** Says that providers were refused. Their rows say why. */
function Refused({ refusal, refused }: Pick<Editing, 'refusal'> & Pick<Props, 'refused'>) {
  const alert = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!refusal?.providers) return;
    alert.current?.focus();
    // The rows above it grow by their reasons.
    alert.current?.scrollIntoView({ block: 'center' });
  }, [refusal]);
  if (refused.size === 0) return null;
  return (
    <Alert
      ref={alert}
      tabIndex={-1}
      color="red"
      role="alert"
      icon={<IconAlertTriangle aria-hidden />}
      title={`${counted(refused.size, 'identity provider')} refused`}
    >
      The list says why. Correct the name or the settings, or remove the provider. Then save again.
    </Alert>
  );
}

/** The field for the names of providers. It alone follows its text. */
function AddProviders({ editing, field }: Pick<Props, 'editing' | 'field'>) {
  const { draft, texts, setText, takeProviders } = editing;
  const note = editing.notes.providers;
  const [text = ''] = useDraft<string>(texts.providers);
  const add = () => {
    takeProviders();
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
    event.preventDefault();
    takeProviders();
  };
  return (
    <div>
      <div className={classes.add}>
        <TextInput
          ref={field}
          className={classes.name}
          label="Add identity providers"
          description="Enter the name that the provider has in the user pool. Separate several by spaces."
          error={note?.blocks && note.text}
          errorProps={{ role: 'alert' }}
          placeholder={draft.mine.providers.length === 0 ? 'Acme-Okta' : undefined}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => setText('providers', event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <Button variant="default" onClick={add}>
          Add
        </Button>
      </div>
      <Text c="dimmed" size="sm" role="status" className={classes.note}>
        {note && !note.blocks && note.text}
      </Text>
    </div>
  );
}
