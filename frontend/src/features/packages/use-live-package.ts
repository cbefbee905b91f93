import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { listen } from '~/api/events';
import type { Package } from '~/api/types';

/**
 * Keeps a package current by server-sent events. `put` stores what came; `onLost` is the fallback when the
 * server refuses the stream for good.
 */
export function useLivePackage(id: string, enabled: boolean, put: (value: Package) => void, fallback: QueryKey): void {
  const queryClient = useQueryClient();
  // A stream of events is a subscription to something outside React.
  useEffect(() => {
    if (!enabled) return;
    return listen<Package>(`/packages/${id}/events`, 'package', put, () => {
      void queryClient.invalidateQueries({ queryKey: fallback });
    });
    // `put` and `fallback` are made anew at each render and mean the same for one id.
    // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  }, [id, enabled, queryClient]);
}
