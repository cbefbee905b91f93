import { useNavigate, useParams, useSearch } from '@tanstack/react-router';

/** A parameter of the current URL; asking for one that the route does not have is a programming error. */
export function useRouteParam(name: string): string {
  const params: Record<string, string | undefined> = useParams({ strict: false });
  const value = params[name];
  if (value === undefined) throw new Error(`the route has no parameter ${name}`);
  return value;
}

/** A parameter that the current URL may have. */
export function useOptionalParam(name: string): string | undefined {
  const params: Record<string, string | undefined> = useParams({ strict: false });
  return params[name];
}

/** A text kept in the query string, so that a view can be linked to and the back button works. */
export function useSearchText(name: string): [string, (value: string) => void] {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const value = search[name];
  const set = (next: string): void => {
    void navigate({
      to: '.',
      search: (previous: Record<string, unknown>) => ({
        ...previous,
        [name]: next === '' ? undefined : next,
      }),
      replace: true,
    });
  };
  return [typeof value === 'string' || typeof value === 'number' ? String(value) : '', set];
}
