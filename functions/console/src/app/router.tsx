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

/** A page that is loaded when it is first opened. */
const page = (load: () => Promise<ComponentType>) =>
  part(
    load,
    <Card>
      <Placeholder of="the page" shape="form" />
    </Card>,
  );

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
  component: page(() =>
    import('../organizations/OrganizationPage').then((it) => it.OrganizationPage),
  ),
});

const provisioning = createRoute({
  getParentRoute: () => organization,
  path: '/',
  validateSearch: provisioningSearch,
  component: page(() => import('../provisioning/ProvisioningTab').then((it) => it.ProvisioningTab)),
});

const members = createRoute({
  getParentRoute: () => organization,
  path: '/members',
  validateSearch: membersSearch,
  component: page(() => import('../members/MembersTab').then((it) => it.MembersTab)),
});

const removed = createRoute({
  getParentRoute: () => organization,
  path: '/members/removed',
  validateSearch: removedSearch,
  component: page(() => import('../members/RemovedMembers').then((it) => it.RemovedMembers)),
});

const requests = createRoute({
  getParentRoute: () => organization,
  path: '/requests',
  component: page(() => import('../requests/RequestsTab').then((it) => it.RequestsTab)),
});

const activity = createRoute({
  getParentRoute: () => organization,
  path: '/activity',
  validateSearch: activitySearch,
  component: page(() => import('../activity/ActivityTab').then((it) => it.ActivityTab)),
});

const settings = createRoute({
  getParentRoute: () => organization,
  path: '/settings',
  component: page(() => import('../settings/SettingsTab').then((it) => it.SettingsTab)),
});

const roles = createRoute({
  getParentRoute: () => root,
  path: '/roles',
  validateSearch: searched,
  component: page(() => import('../roles/RolesPage').then((it) => it.RolesPage)),
});

const role = createRoute({
  getParentRoute: () => root,
  path: '/roles/$organizationRoleId',
  component: page(() => import('../roles/RolePage').then((it) => it.RolePage)),
});

const user = createRoute({
  getParentRoute: () => root,
  path: '/users/$userId',
  component: page(() => import('../users/UserPage').then((it) => it.UserPage)),
});

const help = createRoute({
  getParentRoute: () => root,
  path: '/help',
  component: page(() => import('../help/HelpPage').then((it) => it.HelpPage)),
});

const helpDocument = createRoute({
  getParentRoute: () => root,
  path: '/help/$document',
  loader: async ({ params }) => {
    const load = () => import('../help/documents').then((it) => it.loadDocument(params.document));
    return (await loadPart(load)) ?? Promise.reject(notFound());
  },
  component: page(() => import('../help/HelpDocumentPage').then((it) => it.HelpDocumentPage)),
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
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
