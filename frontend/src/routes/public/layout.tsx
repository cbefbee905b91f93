import { useQuery } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { sessionQuery } from '~/features/session/api';
import { PublicShell } from '~/ui/shell/public-shell';

export function PublicLayout() {
  // The name of the installation is nice to have; the page does not wait for it.
  const { data } = useQuery(sessionQuery);
  return (
    <PublicShell name={data?.instance.name}>
      <Outlet />
    </PublicShell>
  );
}
