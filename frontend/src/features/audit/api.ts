import { infiniteQueryOptions } from '@tanstack/react-query';
import type { AuditEntry } from '~/api/admin-types';
import { api } from '~/api/client';
import type { Page } from '~/api/types';

export type AuditFilter = { event: string; q: string; from: string; to: string };

/** A day of the local calendar as the instant it begins; the end of a range is the next day's beginning. */
export function dayStart(day: string, offset = 0): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + offset).toISOString();
}

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ['admin', 'audit', filter],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<AuditEntry>>(
        '/admin/audit',
        {
          event: filter.event,
          q: filter.q,
          from: dayStart(filter.from),
          to: dayStart(filter.to, 1),
          cursor: pageParam,
          limit: 100,
        },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
