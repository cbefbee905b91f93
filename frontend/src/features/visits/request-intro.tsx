import type { Visit } from '~/api/types';
import { useT } from '~/i18n/use-t';
import classes from './request-intro.module.css';

/** Who asks, and for what. */
export function RequestIntro({ request }: { request: NonNullable<Visit['request']> }) {
  const t = useT();
  const who = request.requester.name
    ? `${request.requester.name} (${request.requester.email})`
    : request.requester.email;
  return (
    <div className={classes.intro}>
      <p>{t('visit:request.lead', { who })}</p>
      {request.note && <blockquote>{request.note}</blockquote>}
    </div>
  );
}
