import { useQuery } from '@tanstack/react-query';
import { Outlet, useLocation } from '@tanstack/react-router';
import { adminLogOut, adminSessionQuery } from '~/features/admin-session/api';
import { dashboardQuery } from '~/features/dashboard/api';
import { needsAttention, Standing } from '~/features/licence/standing';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { useAction } from '~/lib/use-action';
import { useLoaded } from '~/lib/use-loaded';
import { PasswordGate } from '~/ui/feedback/password-gate';
import { Toaster } from '~/ui/feedback/toaster';
import { AppShell, type NavItem } from '~/ui/shell/app-shell';
import { WithMantine } from '~/ui/theme/mantine';

/** Whoever lacks a right does not see its page; the server refuses in any case. */
function useMenu(permissions: readonly string[]): NavItem[] {
  const t = useT();
  const { data } = useQuery(dashboardQuery);
  const may = (...any: string[]): boolean => any.some((one) => permissions.includes(one));
  const items: (NavItem | false)[] = [
    { to: paths.admin.home(), label: t('admin:menu.dashboard'), icon: 'home', exact: true },
    may('quarantine') && {
      to: paths.admin.quarantine(),
      label: t('admin:menu.quarantine'),
      icon: 'shield',
      count: data?.packages.quarantined,
    },
    may('packages') && {
      to: paths.admin.checks(),
      label: t('admin:menu.checks'),
      icon: 'clock',
      count: data?.packages.checking,
    },
    may('packages', 'quarantine') && {
      to: paths.admin.packages(),
      label: t('admin:menu.packages'),
      icon: 'package',
    },
    may('quarantine') && {
      to: paths.admin.exceptions(),
      label: t('admin:menu.exceptions'),
      icon: 'blocked',
    },
    may('users') && { to: paths.admin.users(), label: t('admin:menu.users'), icon: 'users' },
    may('users') && { to: paths.admin.groups(), label: t('admin:menu.groups'), icon: 'folder' },
    may('administrators') && {
      to: paths.admin.administrators(),
      label: t('admin:menu.administrators'),
      icon: 'key',
    },
    may('engines') && { to: paths.admin.engines(), label: t('admin:menu.engines'), icon: 'engine' },
    may('engines') && { to: paths.admin.rules(), label: t('admin:menu.rules'), icon: 'search' },
    may('keys') && { to: paths.admin.keys(), label: t('admin:menu.keys'), icon: 'lock' },
    may('settings') && { to: paths.admin.policy(), label: t('admin:menu.policy'), icon: 'shieldCheck' },
    may('settings') && { to: paths.admin.settings(), label: t('admin:menu.settings'), icon: 'settings' },
    may('licence') && { to: paths.admin.licence(), label: t('admin:menu.licence'), icon: 'licence' },
    may('logs', 'settings') && { to: paths.admin.outbox(), label: t('admin:menu.outbox'), icon: 'mail' },
    may('logs') && { to: paths.admin.audit(), label: t('admin:menu.audit'), icon: 'audit' },
    may('logs', 'settings') && {
      to: paths.admin.jobs(),
      label: t('admin:menu.jobs'),
      icon: 'jobs',
      count: data?.jobs.dead,
    },
    { to: paths.admin.account(), label: t('admin:menu.account'), icon: 'account' },
  ];
  return items.filter((item) => item !== false);
}

export function Page() {
  const t = useT();
  const { administrator, instance, licence } = useLoaded(adminSessionQuery);
  const { pathname } = useLocation();
  const items = useMenu(administrator?.permissions ?? []);
  const logout = useAction({
    run: adminLogOut,
    // A fresh page: nothing of this person stays in memory.
    onDone: () => window.location.assign(paths.admin.login()),
  });
  return (
    <WithMantine>
      <AppShell
        name={instance.name}
        area={t('admin:area')}
        home={paths.admin.home()}
        items={items}
        who={administrator?.name || administrator?.email || ''}
        onLogout={() => logout.mutate()}
        banner={
          needsAttention(licence) && pathname !== paths.admin.licence() ? (
            <Standing state={licence} linked />
          ) : undefined
        }
      >
        <Outlet />
        <Toaster />
        <PasswordGate />
      </AppShell>
    </WithMantine>
  );
}
