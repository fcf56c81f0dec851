import { Button, CopyButton, Group } from '@mantine/core';
import { ConflictAlert, TheirChange } from './ConflictAlert';
import type { Draft } from './fields';
import classes from './TextsConflict.module.css';

interface Props<Field extends string> {
  draft: Draft<Field>;
  /** What each field is called on the page. */
  labels: Record<Field, string>;
  saving: boolean;
  onKeepMine: () => void;
  onTakeTheirs: () => void;
  /** Puts their text in the place of mine, in one field. */
  onTake: (field: Field) => void;
}

/** Shows what somebody else changed in a form, and asks which changes to keep. */
export function TextsConflict<Field extends string>(props: Props<Field>) {
  const { draft, labels, onTake, ...choice } = props;
  const { base, mine, theirs } = draft;
  return (
    <ConflictAlert conflict={theirs} {...choice}>
      {theirs?.map((field) => (
        <Theirs
          key={field}
          label={labels[field]}
          text={base.texts[field]}
          onTake={mine[field] === base.texts[field] ? undefined : () => onTake(field)}
        />
      ))}
    </ConflictAlert>
  );
}

interface TheirsProps {
  label: string;
  text: string;
  /** Absent if the form has their text already. */
  onTake: (() => void) | undefined;
}

/** Their text of one field. Mine is in the form, where it can be edited and copied. */
function Theirs({ label, text, onTake }: TheirsProps) {
  const name = label.toLowerCase();
  return (
    <TheirChange
      term={onTake ? `${label}: you both changed it. Theirs:` : `${label}: they changed it to`}
    >
      <section
        className={classes.text}
        aria-label={`Their ${name}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard can scroll a long text only if it can be focused
        tabIndex={0}
      >
        {text === '' ? '(empty)' : text}
      </section>
      {onTake && (
        <Group gap="xs" mt={4}>
          <Button size="compact-sm" variant="default" onClick={onTake}>
            Use their {name}
          </Button>
          <CopyButton value={text}>
            {({ copied, copy }) => (
              <Button size="compact-sm" variant="subtle" onClick={copy}>
                {copied ? 'Copied' : `Copy their ${name}`}
              </Button>
            )}
          </CopyButton>
        </Group>
      )}
    </TheirChange>
  );
}
