import {
  type InfiniteData,
  type QueryKey,
  type UseInfiniteQueryOptions,
  useInfiniteQuery,
} from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Page } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { Button } from '~/ui/base/button';
import { ListSkeleton, LoadError } from '~/ui/feedback/feedback';
import classes from './paged-list.module.css';

type Props<T, K extends QueryKey> = {
  query: UseInfiniteQueryOptions<Page<T>, Error, InfiniteData<Page<T>, unknown>, K, string | null>;
  empty: ReactNode;
  children: (items: T[]) => ReactNode;
};

/** A list with a cursor: skeleton while it loads, what to say when it is empty or failed, and "more" at the end. */
export function PagedList<T, K extends QueryKey>({ query, empty, children }: Props<T, K>) {
  const t = useT();
  const list = useInfiniteQuery(query);
  if (list.isPending) return <ListSkeleton />;
  if (list.isError) return <LoadError error={list.error} onRetry={() => void list.refetch()} />;
  const items = list.data.pages.flatMap((page) => page.items);
  if (items.length === 0) return empty;
  return (
    <>
      {children(items)}
      {list.hasNextPage && (
        <div className={classes.more}>
          <Button
            variant="default"
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            {t('action.load_more')}
          </Button>
        </div>
      )}
    </>
  );
}
