import { networkProblem, problemOf } from './problem';

export const API = '/api/v1';
/** Unsafe requests prove with it that a page of ours sent them. */
export const CSRF_HEADER = { 'X-Sofie': '1' } as const;

type Query = Record<string, string | number | boolean | null | undefined>;
type Options = { query?: Query; body?: unknown; signal?: AbortSignal; headers?: Record<string, string> };
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

let onUnauthenticated: (path: string) => void = () => {};

/** What to do when a session has ended; set once by the router, which knows the way to the log-in page. */
export function setUnauthenticatedHandler(handler: (path: string) => void): void {
  onUnauthenticated = handler;
}

export function apiUrl(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `${API}${path}?${text}` : `${API}${path}`;
}

async function request<T>(method: Method, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json', ...options.headers };
  if (method !== 'GET') Object.assign(headers, CSRF_HEADER);
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';

  const response = await fetch(apiUrl(path, options.query), {
    method,
    headers,
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
    signal: options.signal,
    credentials: 'same-origin',
    cache: 'no-store',
  }).catch((cause: unknown) => {
    if (options.signal?.aborted) throw cause;
    throw networkProblem(cause);
  });

  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.code === 'unauthenticated') onUnauthenticated(path);
    throw problem;
  }
  if (response.status === 204 || response.headers.get('Content-Length') === '0') return undefined as T;
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** The one way to the server: JSON in, JSON out, refusals as ApiProblem. Paths are relative to /api/v1. */
export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => request<T>('GET', path, { query, signal }),
  post: <T = void>(path: string, body?: unknown) => request<T>('POST', path, { body }),
  patch: <T = void>(path: string, body: unknown, headers?: Record<string, string>) =>
    request<T>('PATCH', path, { body, headers }),
  delete: <T = void>(path: string) => request<T>('DELETE', path),
};
