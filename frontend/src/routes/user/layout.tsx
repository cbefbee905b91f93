import { useQueryClient } from '@tanstack/react-query';
import { Outlet, useMatches } from '@tanstack/react-router';
import { useEffect } from 'react';
import { listen } from '~/api/events';
import { packageKeys } from '~/features/packages/api';
import { logOut, sessionQuery } from '~/features/session/api';
import { forgetUploads } from '~/features/uploads/registry';
import { UploadDock } from '~/features/uploads/upload-dock';
import { useT } from '~/i18n/use-t';
import { paths } from '~/lib/paths';
import { useAction } from '~/lib/use-action';
import { useLoaded } from '~/lib/use-loaded';
import { Notice } from '~/ui/feedback/feedback';
import { PasswordGate } from '~/ui/feedback/password-gate';
import { Toaster } from '~/ui/feedback/toaster';
import { AppShell, type NavItem } from '~/ui/shell/app-shell';
import { WithMantine } from '~/ui/theme/mantine';

function useMenu(): NavItem[] {
  const t = useT();
  const { can } = useLoaded(sessionQuery);
  const items: (NavItem | false)[] = [
    { to: paths.send(), label: t('account:menu.send'), icon: 'send', strong: true },
    { to: paths.inbox(), label: t('account:menu.inbox'), icon: 'inbox' },
    { to: paths.sent(), label: t('account:menu.sent'), icon: 'sent' },
    { to: paths.drafts(), label: t('account:menu.drafts'), icon: 'draft' },
    can.request && { to: paths.requests(), label: t('account:menu.requests'), icon: 'request' },
    can.approve && { to: paths.approvals(), label: t('account:menu.approvals'), icon: 'shieldCheck' },
    { to: paths.account(), label: t('account:menu.account'), icon: 'account' },
  ];
  return items.filter((item) => item !== false);
}

export function Page() {
  const queryClient = useQueryClient();
  const { user, instance } = useLoaded(sessionQuery);
  const t = useT();
  const items = useMenu();
  const matches = useMatches();
  const params: Record<string, string | undefined> = matches.at(-1)?.params ?? {};
  const logout = useAction({
    run: logOut,
    onDone: () => {
      forgetUploads();
      // A fresh page: nothing of this person stays in memory.
      window.location.assign(paths.login());
    },
  });
  // News of the user's packages come as a stream of events, which is outside React.
  useEffect(() => {
    const look = () => {
      void queryClient.invalidateQueries({ queryKey: ['packages', 'list'] });
      void queryClient.invalidateQueries({ queryKey: packageKeys.all, refetchType: 'none' });
    };
    return listen('/events', 'changed', look, { onOpen: look });
  }, [queryClient]);
  return (
    <WithMantine>
      <AppShell
        name={instance.name}
        home={paths.inbox()}
        items={items}
        who={user?.name || user?.email || ''}
        onLogout={() => logout.mutate()}
        dock={<UploadDock hiddenFor={params.id ?? null} />}
        banner={
          instance.demo && (
            <Notice tone="warn" title={t('demo.title')}>
              {t('demo.text')}
            </Notice>
          )
        }
      >
        <Outlet />
        <Toaster />
        <PasswordGate />
      </AppShell>
    </WithMantine>
  );
}
