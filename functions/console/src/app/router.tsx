import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  lazyRouteComponent,
  notFound,
  redirect,
} from '@tanstack/react-router';
import { MembersTab } from '../members/MembersTab';
import { OrganizationPage } from '../organizations/OrganizationPage';
import { OrganizationsPage } from '../organizations/OrganizationsPage';
import { ProvisioningTab } from '../provisioning/ProvisioningTab';
import { RolePage } from '../roles/RolePage';
import { RolesPage } from '../roles/RolesPage';
import { SettingsTab } from '../settings/SettingsTab';
import { searchedText } from '../ui/AddressSearch';
import { ErrorState } from '../ui/ErrorState';
import { NotFound } from './NotFound';
import { Shell } from './Shell';

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
  component: OrganizationPage,
});

const provisioning = createRoute({
  getParentRoute: () => organization,
  path: '/',
  component: ProvisioningTab,
});

const members = createRoute({
  getParentRoute: () => organization,
  path: '/members',
  component: MembersTab,
});

const settings = createRoute({
  getParentRoute: () => organization,
  path: '/settings',
  component: SettingsTab,
});

const roles = createRoute({
  getParentRoute: () => root,
  path: '/roles',
  validateSearch: searched,
  component: RolesPage,
});

const role = createRoute({
  getParentRoute: () => root,
  path: '/roles/$organizationRoleId',
  component: RolePage,
});

const help = createRoute({
  getParentRoute: () => root,
  path: '/help',
  component: lazyRouteComponent(() => import('../help/HelpPage'), 'HelpPage'),
});

const helpDocument = createRoute({
  getParentRoute: () => root,
  path: '/help/$document',
  loader: async ({ params }) => {
    const { loadDocument } = await import('../help/documents');
    return (await loadDocument(params.document)) ?? Promise.reject(notFound());
  },
  component: lazyRouteComponent(() => import('../help/HelpDocumentPage'), 'HelpDocumentPage'),
  notFoundComponent: NotFound,
});

export const router = createRouter({
  basepath: '/console',
  routeTree: root.addChildren([
    home,
    organizations,
    organization.addChildren([provisioning, members, settings]),
    roles,
    role,
    help,
    helpDocument,
  ]),
  defaultErrorComponent: ({ error, reset }: ErrorComponentProps) => (
    <ErrorState error={error} onRetry={reset} />
  ),
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
