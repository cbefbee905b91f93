import { useEffect, useEffectEvent } from 'react';
import { listen } from '~/api/events';
import type { Package } from '~/api/types';

/** Keeps a package current by server-sent events; `lost` is told when the server refuses the stream for good. */
export function useLivePackage(
  id: string,
  enabled: boolean,
  put: (value: Package) => void,
  lost: () => void,
): void {
  const onPackage = useEffectEvent(put);
  const onLost = useEffectEvent(lost);
  // A stream of events is a subscription to something outside React.
  useEffect(() => {
    if (!enabled) return;
    return listen<Package>(`/packages/${id}/events`, 'package', (value) => onPackage(value), {
      onLost: () => onLost(),
    });
  }, [id, enabled]);
}
