import { Alert, Button, Group } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import classes from './RefusedDomains.module.css';

interface Props {
  refused: Readonly<Record<string, string>>;
  /** Whether the default roles were saved before the domains were refused. */
  rolesSaved: boolean;
  onEdit: (domain: string) => void;
  onRemove: (domain: string) => void;
}

/** Lists the refused domains, each with the API's reason and buttons to edit or drop it. */
export function RefusedDomains({ refused, rolesSaved, onEdit, onRemove }: Props) {
  const entries = Object.entries(refused);
  if (entries.length === 0) return null;
  const actions = [
    ['Edit', onEdit],
    ['Drop', onRemove],
  ] as const;
  const count = entries.length === 1 ? 'One domain was' : `${entries.length} domains were`;
  return (
    <Alert
      color="red"
      role="alert"
      icon={<IconAlertTriangle aria-hidden />}
      title={`${count} refused, so no domain is saved yet`}
    >
      {rolesSaved && <p className={classes.note}>The default roles are saved.</p>}
      <ul className={classes.list} aria-label="Refused domains">
        {entries.map(([domain, reason]) => (
          <li key={domain} className={classes.item}>
            <div className={classes.text}>
              <strong>{domain}</strong>
              <div>{reason}</div>
            </div>
            <Group gap={6}>
              {actions.map(([action, act]) => (
                <Button
                  key={action}
                  size="compact-sm"
                  variant="default"
                  aria-label={`${action} ${domain}`}
                  onClick={() => act(domain)}
                >
                  {action}
                </Button>
              ))}
            </Group>
          </li>
        ))}
      </ul>
    </Alert>
  );
}
