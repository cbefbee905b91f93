import { api } from '~/api/client';

export const setUp = (input: { token: string; email: string; name: string; password: string }) =>
  api.post('/setup', input);
