import type { LicenceState } from '~/api/licence-types';
import { useLocale, useT } from '~/i18n/use-t';
import { formatDate } from '~/lib/format';
import { Link } from '~/lib/link';
import { paths } from '~/lib/paths';
import { Notice } from '~/ui/feedback/feedback';

/** How the installation stands to its licence, in a sentence or two. */
export function Standing({ state, linked }: { state: LicenceState; linked?: boolean }) {
  const t = useT();
  const locale = useLocale();
  const { standing, fault, until } = state;
  const date = until ? formatDate(until, locale) : '';
  const tone = {
    unlicensed: 'info',
    valid: 'good',
    expires_soon: 'warn',
    grace: 'warn',
    demo: 'bad',
  } as const;
  return (
    <Notice
      tone={tone[standing]}
      title={t(`admin:licence.standing.${standing}`)}
      actions={linked ? <Link to={paths.admin.licence()}>{t('admin:licence.open')}</Link> : undefined}
    >
      {fault && `${t(`admin:licence.fault.${fault}`)} `}
      {t(`admin:licence.standing_text.${standing}`, { date })}
    </Notice>
  );
}

/** Whether somebody should do something: then it stands at the top of every page of the administration. */
export function needsAttention(state: LicenceState | null): state is LicenceState {
  return state !== null && state.standing !== 'unlicensed' && state.standing !== 'valid';
}
