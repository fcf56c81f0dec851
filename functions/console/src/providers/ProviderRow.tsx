import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { reasonOf } from '../api/words';
import { ByWhom } from '../ui/ByWhom';
import { When } from '../ui/When';
import classes from './Providers.module.css';
import { type ProviderFacts, type ProviderSettings, SETTINGS, settingText } from './settings';

/** How a provider in the draft differs from what is saved. */
export type RowState = 'saved' | 'new' | 'changed' | 'refused';

const STATES: Record<Exclude<RowState, 'saved'>, string> = {
  new: 'New',
  changed: 'Changed',
  refused: 'Refused',
};

interface Props {
  id: string;
  settings: ProviderSettings;
  /** Absent while the provider is not saved. */
  facts: ProviderFacts | undefined;
  state: RowState;
  /** Why it was refused. */
  code: string | undefined;
  roleName: (id: string) => string;
  onEdit: () => void;
  onRemove: () => void;
}

/** One identity provider of a list that is being edited. */
export function ProviderRow(props: Props) {
  const { id, settings, facts, state, code, roleName, onEdit, onRemove } = props;
  const summary = SETTINGS.map((setting) => settingText(settings, setting, roleName)).join(' · ');
  return (
    <li className={classes.row}>
      <div className={classes.text}>
        <div className={classes.head}>
          <strong>{id}</strong>
          {facts?.providerType && <span className={classes.dim}>{facts.providerType}</span>}
          {state !== 'saved' && (
            <span className={classes.state} data-state={state}>
              {STATES[state]}
            </span>
          )}
        </div>
        <div>{summary}</div>
        {code !== undefined && (
          <div className={classes.refused}>
            <IconAlertTriangle size={16} role="img" aria-label="Refused:" />
            <span>{reasonOf(code)}</span>
          </div>
        )}
        {facts && (
          <div className={classes.dim}>
            Added <When at={facts.addedAt} />
            <ByWhom caller={facts.addedBy} />
          </div>
        )}
      </div>
      <div className={classes.buttons}>
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`Settings of ${id}`}
          onClick={onEdit}
        >
          Settings
        </Button>
        <Button size="compact-sm" variant="default" aria-label={`Remove ${id}`} onClick={onRemove}>
          Remove
        </Button>
      </div>
    </li>
  );
}
