import { useQuery } from '@tanstack/react-query';
import type { Items, SessionEntry } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { browserName } from '~/lib/user-agent';
import { Badge } from '~/ui/badge/badge';
import { Button } from '~/ui/base/button';
import { ListSkeleton, LoadError } from '~/ui/feedback/feedback';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';

type Source = {
  query: { queryKey: readonly string[]; queryFn: () => Promise<Items<SessionEntry>> };
  end: (id: string) => Promise<void>;
};

function SessionRow({ session, query, end }: Source & { session: SessionEntry }) {
  const t = useT();
  const logOut = useAction({
    run: () => end(session.id),
    done: t('account:sessions.ended'),
    stale: [query.queryKey],
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
          <Button variant="default" size="xs" loading={logOut.isPending} onClick={() => logOut.mutate()}>
            {t('account:sessions.end')}
          </Button>
        )
      }
    />
  );
}

/** Where a user or an administrator is logged in. */
export function SessionList(source: Source) {
  const t = useT();
  const sessions = useQuery(source.query);
  if (sessions.isPending) return <ListSkeleton rows={2} />;
  if (sessions.isError) return <LoadError error={sessions.error} onRetry={() => void sessions.refetch()} />;
  return (
    <Rows label={t('account:sessions.title')}>
      {sessions.data.items.map((session) => (
        <SessionRow key={session.id} session={session} {...source} />
      ))}
    </Rows>
  );
}
