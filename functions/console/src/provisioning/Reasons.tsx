import { Button, Group, UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { type RefObject, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import classes from './Reasons.module.css';
import { grouped, type Group as Reason, type Refused } from './refusals';

interface Props {
  /** The domains that cannot be added, and why. */
  refused: Refused;
  /** What takes the focus when nothing is left. */
  next: RefObject<HTMLElement | null>;
  /** Whether the reasons have so few domains that all of them are shown at first. */
  isOpenAtFirst: boolean;
  onEdit?: (domain: string) => void;
  onDrop: (domains: Iterable<string>) => void;
  /** Replaces domains by what is certainly meant. */
  onMend: (mended: ReadonlyMap<string, string>) => void;
}

/** From how many domains on the reasons are closed at first. */
export const MANY = 9;
/** How many domains of a closed reason are named. */
export const FEW = 3;

/** Domains that cannot be added, by reason, with buttons to mend, edit and drop them. */
export function Reasons({ refused, next, isOpenAtFirst, onEdit, onDrop, onMend }: Props) {
  const panel = useRef<HTMLDivElement>(null);
  const groups = grouped(refused);
  const all = groups.flatMap(({ domains }) => domains);
  const mended = new Map(groups.flatMap((group) => [...group.mended]));

  /** Does what removes the button that was pressed, and focuses what comes next. */
  const removing =
    <What,>(act: (what: What) => void) =>
    (what: What, pressed: Element) => {
      const kind = pressed.getAttribute('data-kind');
      const alike = () => [
        ...(panel.current?.querySelectorAll<HTMLElement>(`[data-kind="${kind}"]`) ?? []),
      ];
      const place = alike().indexOf(pressed as HTMLElement);
      flushSync(() => act(what));
      const other = alike()[place] ?? alike().at(-1) ?? panel.current?.querySelector('button');
      (other ?? next.current)?.focus();
    };
  const drop = removing(onDrop);
  const mend = removing(onMend);
  if (all.length === 0) return null;
  return (
    <div ref={panel}>
      {all.length > 1 && (
        <Group gap={6} mb="sm">
          {mended.size > 0 && (
            <Button
              size="compact-sm"
              data-kind="mend-all"
              onClick={(event) => mend(mended, event.currentTarget)}
            >
              Fix all {mended.size}
            </Button>
          )}
          <Button
            size="compact-sm"
            variant="default"
            data-kind="drop-all"
            onClick={(event) => drop(all, event.currentTarget)}
          >
            Drop all {all.length}
          </Button>
        </Group>
      )}
      <ul className={classes.groups} aria-label="Reasons">
        {groups.map((group) => (
          <ReasonItem
            key={group.code}
            of={group}
            isOpenAtFirst={isOpenAtFirst}
            onEdit={onEdit}
            onDrop={drop}
            onMend={mend}
          />
        ))}
      </ul>
    </div>
  );
}

interface ReasonProps {
  of: Reason;
  isOpenAtFirst: boolean;
  onEdit: ((domain: string) => void) | undefined;
  onDrop: (domains: Iterable<string>, pressed: Element) => void;
  onMend: (mended: ReadonlyMap<string, string>, pressed: Element) => void;
}

/** The domains that were refused for one reason. */
function ReasonItem({ of: group, isOpenAtFirst, onEdit, onDrop, onMend }: ReasonProps) {
  const { title, advice, domains, mended } = group;
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  return (
    <li className={classes.group}>
      <div className={classes.item}>
        <UnstyledButton
          className={classes.title}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          <IconChevronRight size={16} aria-hidden className={classes.chevron} />
          {title}
        </UnstyledButton>
        {domains.length > 1 && (
          <Group gap={6}>
            {mended.size > 0 && (
              <Act
                kind="mend-group"
                act="Fix all"
                what={`(${title})`}
                onAct={(button) => onMend(mended, button)}
              />
            )}
            <Act
              kind="drop-group"
              act="Drop all"
              what={`(${title})`}
              onAct={(button) => onDrop(domains, button)}
            />
          </Group>
        )}
      </div>
      <div className={classes.advice}>{advice}</div>
      {isOpen ? (
        <ul className={classes.list} aria-label={title}>
          {domains.map((domain) => (
            <li key={domain} className={classes.item}>
              <Domain name={domain} instead={mended.get(domain)} />
              <Group gap={6}>
                {mended.has(domain) && (
                  <Act
                    kind="mend"
                    act="Fix"
                    what={domain}
                    onAct={(button) =>
                      onMend(new Map([[domain, mended.get(domain) ?? '']]), button)
                    }
                  />
                )}
                {onEdit && (
                  <Act kind="edit" act="Edit" what={domain} onAct={() => onEdit(domain)} />
                )}
                <Act
                  kind="drop"
                  act="Drop"
                  what={domain}
                  onAct={(button) => onDrop([domain], button)}
                />
              </Group>
            </li>
          ))}
        </ul>
      ) : (
        <div className={classes.few}>{fewOf(domains)}</div>
      )}
    </li>
  );
}

function Domain({ name, instead }: { name: string; instead: string | undefined }) {
  return (
    <div className={classes.text}>
      <strong>{name}</strong>
      {instead !== undefined && <span className={classes.instead}> → {instead}</span>}
    </div>
  );
}

interface ActProps {
  /** Buttons of the same kind follow each other. */
  kind: string;
  act: string;
  what: string;
  onAct: (button: HTMLButtonElement) => void;
}

function Act({ kind, act, what, onAct }: ActProps) {
  return (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={`${act} ${what}`}
      data-kind={kind}
      onClick={(event) => onAct(event.currentTarget)}
    >
      {act}
    </Button>
  );
}

/** The first of some domains, and how many follow. */
export function fewOf(domains: readonly string[]): string {
  const rest = domains.length - FEW;
  return `${domains.slice(0, FEW).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
