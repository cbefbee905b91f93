import { useQuery } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { sessionQuery } from '~/features/session/api';
import { ForgetMe } from '~/features/session/forget-me';
import { PublicShell } from '~/ui/shell/public-shell';

export function PublicLayout({ children }: { children?: ReactNode }) {
  // The name of the installation is nice to have; the page does not wait for it.
  const { data } = useQuery(sessionQuery);
  return (
    <PublicShell name={data?.instance.name} below={data?.visitor && <ForgetMe />}>
      {children ?? <Outlet />}
    </PublicShell>
  );
}
