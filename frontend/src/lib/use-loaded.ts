import { type QueryKey, type UseQueryOptions, useQuery } from '@tanstack/react-query';

/** Data that the route's loader has fetched; so a page needs no branch for "not there yet". */
export function useLoaded<T, K extends QueryKey>(options: UseQueryOptions<T, Error, T, K>): T {
  const { data } = useQuery(options);
  if (data === undefined) throw new Error(`the loader did not fetch ${JSON.stringify(options.queryKey)}`);
  return data;
}
