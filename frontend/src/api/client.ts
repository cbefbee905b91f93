import { isProblem, networkProblem, problemOf } from './problem';

export const API = '/api/v1';
/** Unsafe requests prove with it that a page of ours sent them. */
export const CSRF_HEADER = { 'X-Sofie': '1' } as const;

type Query = Record<string, string | number | boolean | null | undefined>;
type Options = { query?: Query; body?: unknown; signal?: AbortSignal; headers?: Record<string, string> };
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

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

let askPassword: (path: string) => Promise<boolean> = async () => false;
/** Proofs given so far, and the one on its way: each one gives the browser another cookie. */
let proofs = 0;
let proving: Promise<unknown> = Promise.resolve();

/** How to ask for the password; true when the server took it. */
export function setPasswordHandler(handler: (path: string) => Promise<boolean>): void {
  askPassword = handler;
}

/** Proves again who sits here: the administrator for a path of the administration, else the user. */
export async function provePassword(path: string, password: string): Promise<void> {
  const door = path.startsWith('/admin/') ? '/admin/session/confirm' : '/session/confirm';
  const sent = send('POST', door, { body: { password } });
  proving = sent.catch(() => undefined);
  await sent;
  proofs += 1;
}

/** Sends a request; again when the password had to be given first, or when a proof changed the cookie under it. */
async function request<T>(method: Method, path: string, options: Options = {}): Promise<T> {
  const before = proofs;
  try {
    return await send<T>(method, path, options);
  } catch (error) {
    if (isProblem(error, 'reauthentication_required') && (await askPassword(path))) {
      return send<T>(method, path, options);
    }
    if (isProblem(error, 'unauthenticated')) {
      await proving;
      if (proofs !== before) return send<T>(method, path, options);
      onUnauthenticated(path);
    }
    throw error;
  }
}

async function send<T>(method: Method, path: string, options: Options): Promise<T> {
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
    throw await problemOf(response);
  }
  if (response.status === 204 || response.headers.get('Content-Length') === '0') return undefined as T;
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** The one way to the server: JSON in, JSON out, refusals as ApiProblem. Paths are relative to /api/v1. */
export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => request<T>('GET', path, { query, signal }),
  post: <T = void>(path: string, body?: unknown) => request<T>('POST', path, { body }),
  put: <T = void>(path: string, body: unknown) => request<T>('PUT', path, { body }),
  patch: <T = void>(path: string, body: unknown, headers?: Record<string, string>) =>
    request<T>('PATCH', path, { body, headers }),
  delete: <T = void>(path: string, headers?: Record<string, string>) =>
    request<T>('DELETE', path, { headers }),
};
