import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  notFound,
  redirect,
} from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { activitySearch } from '../activity/search';
import { membersSearch, removedSearch } from '../members/search';
import { OrganizationsPage } from '../organizations/OrganizationsPage';
import { provisioningSearch } from '../provisioning/search';
import { searchedText } from '../ui/AddressSearch';
import { Card } from '../ui/Card';
import { ErrorState } from '../ui/ErrorState';
import { Placeholder } from '../ui/Placeholder';
import { loadPart, part } from '../ui/part';
import { NotFound } from './NotFound';
import { Shell } from './Shell';

/** A page that is loaded when it is first opened, or when somebody points at a link to it. */
const page = (load: () => Promise<ComponentType>) => {
  const component = part(
    load,
    <Card>
      <Placeholder of="the page" shape="form" />
    </Card>,
  );
  const { prepare } = component;
  return { component, staticData: { prepare }, loader: () => void prepare(), staleTime: Infinity };
};

/** The searched text in a page's address. */
const searched = (search: Record<string, unknown>): { q?: string } => {
  const q = searchedText(search);
  return q ? { q } : {};
};

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/organizations' });
  },
});

const organizations = createRoute({
  getParentRoute: () => root,
  path: '/organizations',
  validateSearch: searched,
  component: OrganizationsPage,
});

const organization = createRoute({
  getParentRoute: () => root,
  path: '/organizations/$organizationId',
  ...page(() => import('../organizations/OrganizationPage').then((it) => it.OrganizationPage)),
});

const provisioning = createRoute({
  getParentRoute: () => organization,
  path: '/',
  validateSearch: provisioningSearch,
  ...page(() => import('../provisioning/ProvisioningTab').then((it) => it.ProvisioningTab)),
});

const members = createRoute({
  getParentRoute: () => organization,
  path: '/members',
  validateSearch: membersSearch,
  ...page(() => import('../members/MembersTab').then((it) => it.MembersTab)),
});

const removed = createRoute({
  getParentRoute: () => organization,
  path: '/members/removed',
  validateSearch: removedSearch,
  ...page(() => import('../members/RemovedMembers').then((it) => it.RemovedMembers)),
});

const requests = createRoute({
  getParentRoute: () => organization,
  path: '/requests',
  ...page(() => import('../requests/RequestsTab').then((it) => it.RequestsTab)),
});

const activity = createRoute({
  getParentRoute: () => organization,
  path: '/activity',
  validateSearch: activitySearch,
  ...page(() => import('../activity/ActivityTab').then((it) => it.ActivityTab)),
});

const settings = createRoute({
  getParentRoute: () => organization,
  path: '/settings',
  ...page(() => import('../settings/SettingsTab').then((it) => it.SettingsTab)),
});

const roles = createRoute({
  getParentRoute: () => root,
  path: '/roles',
  validateSearch: searched,
  ...page(() => import('../roles/RolesPage').then((it) => it.RolesPage)),
});

const role = createRoute({
  getParentRoute: () => root,
  path: '/roles/$organizationRoleId',
  ...page(() => import('../roles/RolePage').then((it) => it.RolePage)),
});

const user = createRoute({
  getParentRoute: () => root,
  path: '/users/$userId',
  ...page(() => import('../users/UserPage').then((it) => it.UserPage)),
});

const help = createRoute({
  getParentRoute: () => root,
  path: '/help',
  ...page(() => import('../help/HelpPage').then((it) => it.HelpPage)),
});

const helpDocumentPage = page(() =>
  import('../help/HelpDocumentPage').then((it) => it.HelpDocumentPage),
);

const helpDocument = createRoute({
  getParentRoute: () => root,
  path: '/help/$document',
  ...helpDocumentPage,
  loader: async ({ params }) => {
    helpDocumentPage.loader();
    const load = () => import('../help/documents').then((it) => it.loadDocument(params.document));
    return (await loadPart(load)) ?? Promise.reject(notFound());
  },
  notFoundComponent: NotFound,
});

export const router = createRouter({
  basepath: '/console',
  routeTree: root.addChildren([
    home,
    organizations,
    organization.addChildren([provisioning, members, removed, requests, activity, settings]),
    roles,
    role,
    user,
    help,
    helpDocument,
  ]),
  defaultErrorComponent: ({ error, reset }: ErrorComponentProps) => (
    <Card>
      <ErrorState error={error} onRetry={reset} />
    </Card>
  ),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

/** Loads the code of the page that this address has. */
export async function prepareFirstPage() {
  const matches = router.matchRoutes(router.latestLocation);
  await Promise.all(matches.map(({ staticData }) => staticData.prepare?.()));
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
  interface StaticDataRouteOption {
    /** Loads the code of the page. */
    prepare?: () => Promise<void>;
  }
}
