import { Button } from '@mantine/core';
import { TheirChange } from '../conflict/ConflictAlert';
import type { Draft } from '../provisioning/draft';
import { settingsThatDiffer } from './changes';
import { LABELS, providerIn, type Setting, settingText } from './settings';

interface Props {
  draft: Draft;
  roleName: (id: string) => string;
  /** Puts their value in the place of mine, in one setting. */
  onTake: (id: string, setting: Setting) => void;
}

/** The settings of identity providers that somebody else has changed. */
export function ProvidersConflict({ draft, roleName, onTake }: Props) {
  const { changed = [] } = draft.theirs?.providers ?? {};
  return changed.flatMap(({ id, settings }) =>
    settings.map((setting) => (
      <Theirs
        key={`${setting} ${id}`}
        of={{ id, setting }}
        draft={draft}
        roleName={roleName}
        onTake={() => onTake(id, setting)}
      />
    )),
  );
}

interface TheirsProps extends Omit<Props, 'onTake'> {
  of: { id: string; setting: Setting };
  onTake: () => void;
}

function Theirs({ of: { id, setting }, draft: { base, mine }, roleName, onTake }: TheirsProps) {
  const [theirs, own] = [base.providers.items, mine.providers].map((all) => providerIn(all, id));
  if (!theirs) return null;
  const label = `${LABELS[setting]} of ${id}`;
  const differs = own !== undefined && settingsThatDiffer(theirs, own).includes(setting);
  return (
    <TheirChange
      term={differs ? `${label}: you both changed it. Theirs:` : `${label}: they changed it to`}
    >
      {settingText(theirs, setting, roleName)}
      {differs && (
        <>
          {' '}
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Use theirs: ${label}`}
            onClick={onTake}
          >
            Use theirs
          </Button>
        </>
      )}
    </TheirChange>
  );
}
