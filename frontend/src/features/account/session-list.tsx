import { useQuery } from '@tanstack/react-query';
import type { SessionEntry } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { browserName } from '~/lib/user-agent';
import { Badge } from '~/ui/badge/badge';
import { Button } from '~/ui/base/button';
import { ListSkeleton, LoadError } from '~/ui/feedback/feedback';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import { endSession, sessionsKey, sessionsQuery } from './api';

function SessionRow({ session }: { session: SessionEntry }) {
  const t = useT();
  const end = useAction({
    run: () => endSession(session.id),
    done: t('account:sessions.ended'),
    stale: [sessionsKey],
  });
  return (
    <Row
      title={session.user_agent ? browserName(session.user_agent) : t('account:sessions.unknown')}
      badge={session.current && <Badge tone="good">{t('account:sessions.current')}</Badge>}
      sub={
        <>
          {session.ip && `${session.ip} · `}
          {t('account:sessions.last_seen')} <Time at={session.last_seen_at} />
        </>
      }
      actions={
        !session.current && (
          <Button variant="default" size="xs" loading={end.isPending} onClick={() => end.mutate()}>
            {t('account:sessions.end')}
          </Button>
        )
      }
    />
  );
}

export function SessionList() {
  const t = useT();
  const sessions = useQuery(sessionsQuery);
  if (sessions.isPending) return <ListSkeleton rows={2} />;
  if (sessions.isError) return <LoadError error={sessions.error} onRetry={() => void sessions.refetch()} />;
  return (
    <Rows label={t('account:sessions.title')}>
      {sessions.data.items.map((session) => (
        <SessionRow key={session.id} session={session} />
      ))}
    </Rows>
  );
}
