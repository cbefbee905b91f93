import { redirect } from '@tanstack/react-router';
import { isProblem } from '~/api/problem';
import { sessionKey } from '~/features/session/api';
import { openLink, rememberVisit } from '~/features/visits/api';
import { useT } from '~/i18n/use-t';
import { dropSecret, heldSecret } from '~/lib/held-secret';
import { paths } from '~/lib/paths';
import { Notice } from '~/ui/feedback/feedback';
import { Page as Frame } from '~/ui/page/page';
import type { LoadContext } from '../split';

/** Exchanges the secret of a mailed link for a visit, and goes on to the visit's own address, which holds no secret. */
export async function load({ queryClient }: LoadContext): Promise<void> {
  const secret = heldSecret();
  if (secret === null) return;
  const visit = await openLink(secret).catch((error: unknown) => {
    // Wrong, expired and withdrawn links look alike, on purpose; the page says so.
    if (isProblem(error, 'link_invalid') || isProblem(error, 'not_found')) return null;
    throw error;
  });
  dropSecret();
  if (visit === null) return;
  rememberVisit(queryClient, visit);
  // The browser is known from now on.
  void queryClient.invalidateQueries({ queryKey: sessionKey });
  const path = visit.kind === 'package' ? paths.visitPackage(visit.id) : paths.visitRequest(visit.id);
  throw redirect({ href: path, replace: true });
}

export function Page() {
  const t = useT();
  return (
    <Frame title={t('visit:invalid.title')} width="narrow">
      <Notice tone="warn">{t('visit:invalid.text')}</Notice>
    </Frame>
  );
}
