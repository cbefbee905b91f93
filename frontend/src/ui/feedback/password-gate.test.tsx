// @vitest-environment jsdom
import { act, cleanup, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { api } from '~/api/client';
import { renderWithTexts } from '~/testing/render';
import { PasswordGate } from './password-gate';

// The dialog's code is fetched first.
const PATIENT = { timeout: 10_000 };
vi.setConfig({ testTimeout: 30_000 });

const fetchMock = vi.fn<typeof fetch>();
const refused = (code: string) =>
  new Response(JSON.stringify({ code, title: '', status: 403, type: '' }), {
    status: 403,
    headers: { 'Content-Type': 'application/problem+json' },
  });
const done = () => new Response(null, { status: 204 });

beforeEach(() => {
  fetchMock.mockReset();
  vi.stubGlobal('fetch', fetchMock);
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it('asks once for all requests that wait, says when the password is wrong, then lets them go on', async () => {
  fetchMock
    .mockResolvedValueOnce(refused('reauthentication_required'))
    .mockResolvedValueOnce(refused('reauthentication_required'))
    .mockResolvedValueOnce(refused('wrong_password'))
    .mockResolvedValue(done());
  await renderWithTexts(<PasswordGate />);
  let both: Promise<unknown> = Promise.resolve();
  act(() => {
    both = Promise.all([api.post('/tokens', {}), api.delete('/sessions/1')]);
  });
  const field = await screen.findByLabelText('Present password', undefined, PATIENT);
  expect(screen.getAllByRole('dialog')).toHaveLength(1);
  await userEvent.type(field, 'wrong');
  await userEvent.click(screen.getByRole('button', { name: 'Continue' }));
  expect(await screen.findByText('The password is not right.', undefined, PATIENT)).toBeDefined();
  await userEvent.type(field, 'right');
  await userEvent.click(screen.getByRole('button', { name: 'Continue' }));
  await both;
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(fetchMock).toHaveBeenCalledTimes(6);
});

it('lets the request stay refused when the person does not want to', async () => {
  fetchMock.mockResolvedValue(refused('reauthentication_required'));
  await renderWithTexts(<PasswordGate />);
  let error: unknown;
  act(() => {
    void api.post('/admin/administrators', {}).catch((problem: unknown) => {
      error = problem;
    });
  });
  await userEvent.click(await screen.findByRole('button', { name: 'Cancel' }, PATIENT));
  await waitFor(() => expect(error).toMatchObject({ code: 'reauthentication_required' }));
  expect(fetchMock).toHaveBeenCalledTimes(1);
});
