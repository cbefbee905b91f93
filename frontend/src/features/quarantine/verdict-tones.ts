import type { Verdict } from '~/api/admin-types';
import type { Tone } from '~/ui/badge/badge';

export const VERDICT_TONES: Record<Verdict['outcome'], Tone> = {
  clean: 'good',
  skipped: 'mute',
  pending: 'info',
  infected: 'bad',
  suspicious: 'warn',
  encrypted: 'warn',
  incomplete: 'warn',
  unsupported: 'warn',
  policy_hit: 'warn',
  error: 'bad',
};
