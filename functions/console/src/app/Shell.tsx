import {
  ActionIcon,
  Button,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { IconHelp, IconLogout, IconMoon, IconSun } from '@tabler/icons-react';
import { Link, Outlet } from '@tanstack/react-router';
import { SearchButton } from '../search/SearchButton';
import { session } from '../session/session';
import links from '../ui/links.module.css';
import { notifyFailure } from '../ui/notify';
import icon from './icon.svg';
import classes from './Shell.module.css';

export function Shell() {
  return (
    <>
      <a className={classes.skip} href="#content">
        Skip to the content
      </a>
      <header className={classes.header}>
        <div className={classes.bar}>
          <Link to="/organizations" className={classes.brand} aria-label="Usher">
            <img src={icon} alt="" width={26} height={26} />
            <span className={classes.name}>Usher</span>
          </Link>
          <nav className={classes.nav} aria-label="Main">
            <Link
              to="/organizations"
              className={links.pill}
              activeOptions={{ exact: false, includeSearch: false }}
            >
              Organizations
            </Link>
            <Link to="/roles" className={links.pill}>
              Roles
            </Link>
          </nav>
          <SearchButton />
          <HelpButton />
          <ColorSchemeToggle />
          <Account />
        </div>
      </header>
      <main id="content" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
    </>
  );
}

function HelpButton() {
  return (
    <Tooltip label="Help">
      <ActionIcon
        component={Link}
        to="/help"
        variant="subtle"
        color="gray"
        size="lg"
        aria-label="Help"
      >
        <IconHelp size={20} stroke={1.75} />
      </ActionIcon>
    </Tooltip>
  );
}

/** Switches between light and dark; until it is used, the system's setting applies. */
function ColorSchemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const other = scheme === 'light' ? 'dark' : 'light';
  const Icon = scheme === 'light' ? IconMoon : IconSun;
  return (
    <Tooltip label={`Use ${other} colours`}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={`Use ${other} colours`}
        onClick={() => setColorScheme(other)}
      >
        <Icon size={20} stroke={1.75} />
      </ActionIcon>
    </Tooltip>
  );
}

/** Who is signed in, and how to sign out; nothing without a login, as locally. */
function Account() {
  const { login } = session.value;
  if (!login) return null;
  const signOut = () => {
    login.signOut().catch((error: unknown) => notifyFailure(error, 'Sign out'));
  };
  return (
    <div className={classes.account}>
      <span className={classes.who} title={login.who}>
        Signed in as {login.who}
      </span>
      <Button
        variant="subtle"
        color="gray"
        size="compact-md"
        leftSection={<IconLogout size={18} stroke={1.75} />}
        onClick={signOut}
      >
        Sign out
      </Button>
    </div>
  );
}
