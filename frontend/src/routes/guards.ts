import type { QueryClient } from '@tanstack/react-query';
import { redirect } from '@tanstack/react-router';
import { adminSessionQuery } from '~/features/admin-session/api';
import { sessionQuery } from '~/features/session/api';
import { paths } from '~/lib/paths';

type Where = { context: { queryClient: QueryClient }; location: { href: string } };

/** Only users pass; others log in and come back. */
export async function requireUser({ context, location }: Where): Promise<void> {
  const session = await context.queryClient.ensureQueryData(sessionQuery);
  if (!session.user) throw redirect({ href: paths.login(location.href) });
}

export async function requireAdministrator({ context, location }: Where): Promise<void> {
  const session = await context.queryClient.ensureQueryData(adminSessionQuery);
  if (!session.administrator) throw redirect({ href: paths.admin.login(location.href) });
}

/** The first screen depends on who comes and on a setting. */
export async function leaveHome({ context }: Pick<Where, 'context'>): Promise<never> {
  const { user, instance } = await context.queryClient.ensureQueryData(sessionQuery);
  if (user) throw redirect({ to: paths.inbox(), replace: true });
  if (instance.setup_required) throw redirect({ to: paths.setup(), replace: true });
  if (instance.first_screen === 'guest' && instance.guest_form)
    throw redirect({ to: paths.guest(), replace: true });
  throw redirect({ to: paths.login(), replace: true });
}
