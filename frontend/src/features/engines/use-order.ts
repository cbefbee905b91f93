import { useQueryClient } from '@tanstack/react-query';
import type { DragEvent } from 'react';
import type { Engine } from '~/api/admin-types';
import type { Items } from '~/api/types';
import { useAction } from '~/lib/use-action';
import { enginesKey, orderEngines } from './api';
import { moved } from './model';

const DRAGGED = 'application/x-sofie-engine';

/** Moves engines; the page shows the new order at once and the server's when it has answered. */
export function useOrder(engines: readonly Engine[]) {
  const queryClient = useQueryClient();
  const save = useAction<string[]>({ run: orderEngines, stale: [enginesKey] });
  const ids = engines.filter((engine) => engine.setup).map((engine) => engine.id);
  const put = (from: string, to: string | undefined): void => {
    if (to === undefined || from === to) return;
    const next = moved(ids, from, to);
    queryClient.setQueryData<Items<Engine>>(enginesKey, (old) => {
      const place = (engine: Engine): number => next.indexOf(engine.id);
      return old && { items: [...old.items].sort((one, other) => place(one) - place(other)) };
    });
    save.mutate(next);
  };
  const neighbour = (id: string, by: number): string | undefined => ids[ids.indexOf(id) + by];
  return {
    place: (id: string): number => ids.indexOf(id),
    canMove: (id: string, by: number): boolean => neighbour(id, by) !== undefined,
    move: (id: string, by: number): void => put(id, neighbour(id, by)),
    drag: (event: DragEvent, id: string): void => event.dataTransfer.setData(DRAGGED, id),
    drop: (event: DragEvent, id: string): void => {
      const dragged = event.dataTransfer.getData(DRAGGED);
      if (ids.includes(dragged)) put(dragged, id);
    },
  };
}
