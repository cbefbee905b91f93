import { api } from '~/api/client';
import type { Session } from '~/api/types';

export const requestGuestCode = (email: string) => api.post('/guest/code', { email });
export const verifyGuestCode = (code: string) => api.post<Session>('/guest/verify', { code });
