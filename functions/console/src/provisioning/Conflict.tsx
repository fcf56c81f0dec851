import { Button, Group } from '@mantine/core';
import { ConflictAlert, TheirChange } from '../conflict/ConflictAlert';
import { ProvidersConflict } from '../providers/ProvidersConflict';
import type { Setting as ProviderSetting } from '../providers/settings';
import { type Changes, isChanged } from './changes';
import { type DomainSettings, type Setting, settingsThatDiffer } from './domainSettings';
import { type Draft, settingsIn, storedSettings, type TheirSettings, type Theirs } from './draft';
import { ENROLLMENTS } from './enrollment';

interface Props {
  draft: Draft;
  theirs: Theirs;
  /** The name of a role. */
  roleName: (id: string) => string;
  saving: boolean;
  onKeepMine: () => void;
  onTakeTheirs: () => void;
  /** Puts their value in the place of mine, in one setting of a domain. */
  onTake: (domain: string, setting: Setting) => void;
  /** Puts their value in the place of mine, in one setting of an identity provider. */
  onTakeProvider: (id: string, setting: ProviderSetting) => void;
}

/** Shows what somebody else changed in the meantime, and asks which changes to keep. */
export function Conflict({ draft, theirs, roleName, onTake, onTakeProvider, ...choice }: Props) {
  const first = theirs.settings.slice(0, MOST_NAMED);
  const others = theirs.settings.length - first.length;
  return (
    <ConflictAlert conflict={theirs} {...choice}>
      <Side term="Domains" changes={theirs.domains} name={(domain) => domain} />
      {first.map((each) => (
        <Settings key={each.domain} of={each} draft={draft} roleName={roleName} onTake={onTake} />
      ))}
      {others > 0 && (
        <TheirChange term="Settings they changed">{`Those of ${others} more domains`}</TheirChange>
      )}
      <Side term="Identity providers" changes={theirs.providers} name={(id) => id} />
      <ProvidersConflict draft={draft} roleName={roleName} onTake={onTakeProvider} />
      <Side term="Default roles" changes={theirs.roles} name={roleName} />
    </ConflictAlert>
  );
}

interface SideProps {
  term: string;
  changes: Changes;
  name: (item: string) => string;
}

function Side({ term, changes, name }: SideProps) {
  if (!isChanged(changes)) return null;
  const { added, removed } = changes;
  return (
    <>
      {added.length > 0 && (
        <TheirChange term={`${term} they added`}>{named(added.map(name))}</TheirChange>
      )}
      {removed.length > 0 && (
        <TheirChange term={`${term} they removed`}>{named(removed.map(name))}</TheirChange>
      )}
    </>
  );
}

interface SettingsProps extends Pick<Props, 'draft' | 'roleName' | 'onTake'> {
  of: TheirSettings;
}

/** The settings of a domain that they changed. */
function Settings({ of: { domain, settings }, draft, roleName, onTake }: SettingsProps) {
  const theirs = storedSettings(draft.base, domain);
  const isListed = draft.mine.domains.includes(domain);
  const both = new Set(isListed ? settingsThatDiffer(theirs, settingsIn(draft, domain)) : []);
  return settings.map((setting) => {
    const { name, text } = WORDS[setting];
    return (
      <TheirChange
        key={setting}
        term={`${domain}, ${name}: ${both.has(setting) ? 'you both changed it. Theirs' : 'they changed it to'}`}
      >
        {text(theirs, roleName)}
        {both.has(setting) && (
          <Group mt={4}>
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`Use theirs for ${domain}, ${name}`}
              onClick={() => onTake(domain, setting)}
            >
              Use theirs
            </Button>
          </Group>
        )}
      </TheirChange>
    );
  });
}

interface Words {
  /** What the setting is called. */
  name: string;
  /** Its value. */
  text: (settings: DomainSettings, roleName: (id: string) => string) => string;
}

const WORDS: Record<Setting, Words> = {
  enrollment: { name: 'new users', text: ({ enrollment }) => ENROLLMENTS[enrollment].label },
  existingUsers: {
    name: 'existing users',
    text: ({ existingUsers }) =>
      existingUsers === null ? 'The same as new users' : ENROLLMENTS[existingUsers].label,
  },
  organizationRoleIds: {
    name: 'roles',
    text: ({ organizationRoleIds: ids }, roleName) =>
      ids === null ? 'The default roles' : named(ids.map(roleName)) || 'None',
  },
  subdomains: {
    name: 'subdomains',
    text: ({ subdomains }) => (subdomains ? 'Included' : 'Not included'),
  },
};

const MOST_NAMED = 20;

/** The first items of a list, and how many follow. */
function named(items: string[]): string {
  const first = items.slice(0, MOST_NAMED).join(', ');
  const others = items.length - MOST_NAMED;
  return others > 0 ? `${first} and ${others} more` : first;
}
