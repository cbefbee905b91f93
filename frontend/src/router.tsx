import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, Outlet } from '@tanstack/react-router';
import type { Namespace } from './i18n';
import { LonePageError, LonePageMissing, PageError, PagePending } from './routes/fallbacks';
import { leaveHome, requireAdministrator, requireUser } from './routes/guards';
import { PublicLayout } from './routes/public/layout';
import { split } from './routes/split';

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Outlet,
  errorComponent: LonePageError,
  notFoundComponent: LonePageMissing,
});

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: leaveHome,
  errorComponent: LonePageError,
});

const open = createRoute({ getParentRoute: () => root, id: 'public', component: PublicLayout });
const publicPage = (path: string, load: Parameters<typeof split>[0], texts: Namespace[] = []) =>
  createRoute({ getParentRoute: () => open, path, ...split(load, texts) });
/** On the way of a recipient to the files: what these load is counted (scripts/check-weight.mjs). */
const recipientPages = [
  publicPage('/p', () => import('./routes/public/open-link'), ['visit']),
  publicPage('/r', () => import('./routes/public/open-link'), ['visit']),
  publicPage('/p/$id', () => import('./routes/public/visit-package'), ['visit', 'packages']),
];

const forms = createRoute({
  getParentRoute: () => open,
  id: 'forms',
  ...split(() => import('./routes/public/forms'), []),
});
const formPage = (path: string, load: Parameters<typeof split>[0], texts: Namespace[] = []) =>
  createRoute({ getParentRoute: () => forms, path, ...split(load, texts) });
const formPages = [
  formPage('/login', () => import('./routes/public/login')),
  formPage('/forgot', () => import('./routes/public/forgot')),
  formPage('/reset', () => import('./routes/public/reset')),
  formPage('/welcome', () => import('./routes/public/welcome')),
  formPage('/r/$id', () => import('./routes/public/visit-request'), ['visit', 'send']),
  formPage('/guest', () => import('./routes/public/guest'), ['visit', 'send']),
  formPage('/setup', () => import('./routes/public/setup'), ['admin', 'settings']),
  formPage('/admin/login', () => import('./routes/admin/login'), ['admin']),
];

const user = createRoute({
  getParentRoute: () => root,
  id: 'user',
  beforeLoad: requireUser,
  errorComponent: LonePageError,
  ...split(() => import('./routes/user/layout'), ['account', 'packages', 'send']),
});
const userPage = (path: string, load: Parameters<typeof split>[0], texts: Namespace[] = ['packages']) =>
  createRoute({ getParentRoute: () => user, path, ...split(load, texts) });
const userPages = [
  userPage('/inbox', () => import('./routes/user/inbox')),
  // One route, so that the form stays when its package gets an address.
  userPage('/send/{-$id}', () => import('./routes/user/compose'), ['packages', 'send']),
  userPage('/requests', () => import('./routes/user/requests'), ['account']),
  userPage('/approvals', () => import('./routes/user/approvals')),
  userPage('/approvals/$id', () => import('./routes/user/approval')),
  userPage('/sent', () => import('./routes/user/sent')),
  userPage('/drafts', () => import('./routes/user/drafts')),
  userPage('/packages/$id', () => import('./routes/user/package'), ['packages', 'send']),
  userPage('/account', () => import('./routes/user/account'), ['account']),
];

const admin = createRoute({
  getParentRoute: () => root,
  id: 'admin',
  beforeLoad: requireAdministrator,
  errorComponent: LonePageError,
  ...split(() => import('./routes/admin/layout'), ['admin']),
});
const adminPage = (path: string, load: Parameters<typeof split>[0], texts: Namespace[] = ['admin']) =>
  createRoute({ getParentRoute: () => admin, path, ...split(load, texts) });
const adminPages = [
  adminPage('/admin', () => import('./routes/admin/dashboard')),
  adminPage('/admin/packages', () => import('./routes/admin/packages'), ['admin', 'packages']),
  adminPage('/admin/packages/$id', () => import('./routes/admin/package'), ['admin', 'packages']),
  adminPage('/admin/quarantine', () => import('./routes/admin/quarantine'), ['admin', 'packages']),
  adminPage('/admin/users', () => import('./routes/admin/users'), ['admin', 'account', 'settings']),
  adminPage('/admin/groups', () => import('./routes/admin/groups')),
  adminPage('/admin/administrators', () => import('./routes/admin/administrators')),
  adminPage('/admin/engines', () => import('./routes/admin/engines'), ['admin', 'packages']),
  adminPage('/admin/exceptions', () => import('./routes/admin/exceptions'), ['admin', 'packages']),
  adminPage('/admin/rules', () => import('./routes/admin/rules')),
  adminPage('/admin/checks', () => import('./routes/admin/checks'), ['admin', 'packages']),
  adminPage('/admin/policy', () => import('./routes/admin/policy'), ['admin', 'settings']),
  adminPage('/admin/licence', () => import('./routes/admin/licence')),
  adminPage('/admin/settings', () => import('./routes/admin/settings'), ['admin', 'settings']),
  adminPage('/admin/outbox', () => import('./routes/admin/outbox')),
  adminPage('/admin/outbox/$id', () => import('./routes/admin/mail')),
  adminPage('/admin/audit', () => import('./routes/admin/audit')),
  adminPage('/admin/jobs', () => import('./routes/admin/jobs')),
  adminPage('/admin/keys', () => import('./routes/admin/keys')),
  adminPage('/admin/account', () => import('./routes/admin/account'), ['admin', 'account']),
];

const tree = root.addChildren([
  home,
  open.addChildren([...recipientPages, forms.addChildren(formPages)]),
  user.addChildren(userPages),
  admin.addChildren(adminPages),
]);

export function makeRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queryClient },
    defaultPendingComponent: PagePending,
    defaultErrorComponent: PageError,
    defaultNotFoundComponent: LonePageMissing,
    defaultPendingMs: 300,
    scrollRestoration: true,
    // A page's data is TanStack Query's business; the router only starts the loading.
    defaultStaleTime: 0,
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
  });
}
