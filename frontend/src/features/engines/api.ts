import { queryOptions } from '@tanstack/react-query';
import type {
  Engine,
  EngineChange,
  EngineKind,
  EngineStage,
  EngineTypes,
  EngineValue,
} from '~/api/admin-types';
import { api } from '~/api/client';
import type { Items } from '~/api/types';

export const enginesKey = ['admin', 'engines'] as const;

export const enginesQuery = queryOptions({
  queryKey: enginesKey,
  queryFn: ({ signal }) => api.get<Items<Engine>>('/admin/engines', undefined, signal),
});

/** Kinds come with the program: they are asked for once. */
export const kindsQuery = queryOptions({
  queryKey: ['admin', 'engine-kinds'] as const,
  queryFn: ({ signal }) => api.get<Items<EngineKind>>('/admin/engines/kinds', undefined, signal),
  staleTime: Number.POSITIVE_INFINITY,
});

export const historyQuery = (id: string) =>
  queryOptions({
    queryKey: [...enginesKey, id, 'history'] as const,
    queryFn: ({ signal }) => api.get<Items<EngineChange>>(`/admin/engines/${id}/history`, undefined, signal),
  });

export type EngineInput = {
  name: string;
  stage: EngineStage;
  enabled: boolean;
  mandatory: boolean;
  largest_file: number;
  oversize: 'unscannable' | 'skip';
  types: EngineTypes;
  at_once: number;
  seconds: number;
  config: Record<string, EngineValue | null>;
};

const seen = (engine: Engine): Record<string, string> =>
  engine.setup ? { 'If-Match': `"${engine.setup.version}"` } : {};

export const selfTest = (id: string) => api.post<Engine>(`/admin/engines/${id}/self-test`);
export const createEngine = (kind: string, input: EngineInput) =>
  api.post<Engine>('/admin/engines', { kind, ...input });
export const changeEngine = (engine: Engine, input: Partial<EngineInput>) =>
  api.patch<Engine>(`/admin/engines/${engine.id}`, input, seen(engine));
export const removeEngine = (engine: Engine) => api.delete(`/admin/engines/${engine.id}`, seen(engine));
export const orderEngines = (ids: string[]) => api.put('/admin/engines/order', { ids });
