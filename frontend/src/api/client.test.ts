import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api, apiUrl, provePassword, setPasswordHandler, setUnauthenticatedHandler } from './client';
import { ApiProblem } from './problem';

const fetchMock = vi.fn<typeof fetch>();
const json = (body: unknown, status = 200, type = 'application/json') =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': type, 'X-Request-Id': 'req-1' } });

beforeEach(() => {
  fetchMock.mockReset();
  vi.stubGlobal('fetch', fetchMock);
});
afterEach(() => {
  vi.unstubAllGlobals();
  setUnauthenticatedHandler(() => {});
  setPasswordHandler(async () => false);
});

const headersOfCall = () => new Headers(fetchMock.mock.calls[0]?.[1]?.headers);
const caught = (promise: Promise<unknown>) => promise.then(() => null).catch((error: unknown) => error);

it('leaves empty parameters out of the address', () => {
  expect(apiUrl('/packages', { box: 'inbox', q: '', cursor: null, limit: 50 })).toBe(
    '/api/v1/packages?box=inbox&limit=50',
  );
});

describe('requests', () => {
  it('a reading one carries no CSRF header and no body', async () => {
    fetchMock.mockResolvedValue(json({ id: '1' }));
    expect(await api.get('/packages/1')).toEqual({ id: '1' });
    expect(headersOfCall().has('X-Sofie')).toBe(false);
    expect(fetchMock.mock.calls[0]?.[1]?.body).toBeUndefined();
  });

  it.each(['post', 'patch', 'delete'] as const)('%s carries the CSRF header', async (method) => {
    fetchMock.mockResolvedValue(new Response(null, { status: 204 }));
    expect(await api[method]('/x', {})).toBeUndefined();
    expect(headersOfCall().get('X-Sofie')).toBe('1');
  });

  it('an answer without a body is nothing', async () => {
    fetchMock.mockResolvedValue(new Response('', { status: 202 }));
    expect(await api.post('/guest/code', { email: 'a@b.cz' })).toBeUndefined();
  });
});

describe('refusals', () => {
  it('become a problem with the server’s code', async () => {
    fetchMock.mockResolvedValue(
      json(
        {
          type: 't',
          title: 'no',
          status: 422,
          code: 'invalid',
          errors: [{ field: 'title', code: 'too_long' }],
        },
        422,
        'application/problem+json',
      ),
    );
    const error = await caught(api.post('/packages', {}));
    expect(error).toBeInstanceOf(ApiProblem);
    expect((error as ApiProblem).problem).toMatchObject({
      code: 'invalid',
      status: 422,
      request_id: 'req-1',
      errors: [{ field: 'title', code: 'too_long' }],
    });
  });

  it('of a proxy, in HTML, get the code of their status', async () => {
    fetchMock.mockResolvedValue(new Response('<html>', { status: 413 }));
    expect(await caught(api.post('/packages', {}))).toMatchObject({ code: 'too_large' });
    fetchMock.mockResolvedValue(new Response('<html>', { status: 502 }));
    expect(await caught(api.get('/packages'))).toMatchObject({ code: 'internal' });
  });

  it('no connection is a problem of its own', async () => {
    fetchMock.mockRejectedValue(new TypeError('failed'));
    expect(await caught(api.get('/packages'))).toMatchObject({ code: 'network', status: 0 });
  });

  it('an ended session is told to the router, a wrong password is not', async () => {
    const told: string[] = [];
    setUnauthenticatedHandler((path) => told.push(path));
    fetchMock.mockResolvedValue(json({ code: 'wrong_credentials', title: '', status: 401, type: '' }, 401));
    await caught(api.post('/session', {}));
    expect(told).toEqual([]);
    fetchMock.mockResolvedValue(json({ code: 'unauthenticated', title: '', status: 401, type: '' }, 401));
    await caught(api.get('/packages'));
    expect(told).toEqual(['/packages']);
  });
});

describe('a sensitive request', () => {
  const refused = (code: string, status: number) => json({ code, title: '', status, type: '' }, status);
  const calls = () => fetchMock.mock.calls.map(([url]) => url);

  it('is sent again once the password was given', async () => {
    setPasswordHandler(async (path) => {
      await provePassword(path, 'secret');
      return true;
    });
    fetchMock
      .mockResolvedValueOnce(refused('reauthentication_required', 403))
      .mockResolvedValueOnce(new Response(null, { status: 204 }))
      .mockResolvedValueOnce(json({ id: '1' }));
    expect(await api.post('/tokens', { name: 'backup' })).toEqual({ id: '1' });
    expect(calls()).toEqual(['/api/v1/tokens', '/api/v1/session/confirm', '/api/v1/tokens']);
    expect(fetchMock.mock.calls[2]?.[1]?.body).toBe('{"name":"backup"}');
  });

  it('of an administrator asks for the administrator’s password', async () => {
    fetchMock.mockResolvedValue(new Response(null, { status: 204 }));
    await provePassword('/admin/settings', 'secret');
    expect(calls()).toEqual(['/api/v1/admin/session/confirm']);
  });

  it('stays refused when no password is given', async () => {
    fetchMock.mockResolvedValue(refused('reauthentication_required', 403));
    expect(await caught(api.post('/tokens', {}))).toMatchObject({ code: 'reauthentication_required' });
    expect(fetchMock).toHaveBeenCalledTimes(1);
  });

  it('that was on its way while the cookie changed is sent again, and nobody is logged out', async () => {
    const told: string[] = [];
    setUnauthenticatedHandler((path) => told.push(path));
    let answerOld: (response: Response) => void = () => {};
    fetchMock
      .mockReturnValueOnce(
        new Promise((resolve) => {
          answerOld = resolve;
        }),
      )
      .mockResolvedValueOnce(new Response(null, { status: 204 }))
      .mockResolvedValueOnce(json({ items: [] }));
    const reading = api.get('/packages');
    const proof = provePassword('/tokens', 'secret');
    answerOld(refused('unauthenticated', 401));
    await proof;
    expect(await reading).toEqual({ items: [] });
    expect(told).toEqual([]);
  });
});
