import type { Setting, SettingValue } from '~/api/admin-types';

export type Edits = Readonly<Record<string, SettingValue>>;

export function groupsOf(settings: readonly Setting[]): [string, Setting[]][] {
  const groups = new Map<string, Setting[]>();
  for (const setting of settings) groups.set(setting.group, [...(groups.get(setting.group) ?? []), setting]);
  return [...groups];
}

export function isDefault(setting: Setting, value: SettingValue): boolean {
  return JSON.stringify(value) === JSON.stringify(setting.default);
}

/** What differs from the server's word; a secret counts as soon as something was typed. */
export function changesOf(settings: readonly Setting[], edits: Edits): Record<string, SettingValue> {
  const changed = settings.filter(
    ({ key, kind, value }) =>
      key in edits && (kind === 'secret' || JSON.stringify(edits[key]) !== JSON.stringify(value)),
  );
  return Object.fromEntries(changed.map(({ key }) => [key, edits[key] ?? null]));
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
export type ByteUnit = (typeof UNITS)[number];
export const BYTE_UNITS: readonly ByteUnit[] = UNITS;

const BINARY: Record<ByteUnit, number> = { B: 1, kB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 };

/** The largest unit in which the number is whole, so that nothing is rounded behind anybody's back. */
export function splitBytes(bytes: number): { amount: number; unit: ByteUnit } {
  const unit = [...UNITS].reverse().find((one) => bytes >= BINARY[one] && bytes % BINARY[one] === 0) ?? 'B';
  return { amount: bytes / BINARY[unit], unit };
}

export function joinBytes(amount: number, unit: ByteUnit): number {
  return Math.round(amount * BINARY[unit]);
}
