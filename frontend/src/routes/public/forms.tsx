import { Outlet } from '@tanstack/react-router';
import { PasswordGate } from '~/ui/feedback/password-gate';
import { WithMantine } from '~/ui/theme/mantine';

/** Public pages with more to fill in than a code. */
export function Page() {
  return (
    <WithMantine>
      <Outlet />
      <PasswordGate />
    </WithMantine>
  );
}
