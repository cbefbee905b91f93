import type { Setting, SettingValue } from '~/api/admin-types';
import { formatNumber } from '~/lib/format';

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

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
export type ByteUnit = (typeof UNITS)[number];
export const BYTE_UNITS: readonly ByteUnit[] = UNITS;

const BINARY: Record<ByteUnit, number> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** The largest unit in which the number is whole, so that nothing is rounded behind anybody's back. */
export function splitBytes(bytes: number): { amount: number; unit: ByteUnit } {
  const unit = [...UNITS].reverse().find((one) => bytes >= BINARY[one] && bytes % BINARY[one] === 0) ?? 'B';
  return { amount: bytes / BINARY[unit], unit };
}

/** A size in the units that the form has. */
export function bytesText(bytes: number, locale: string): string {
  const { amount, unit } = splitBytes(bytes);
  return `${formatNumber(amount, locale)} ${unit}`;
}

export function joinBytes(amount: number, unit: ByteUnit): number {
  return Math.round(amount * BINARY[unit]);
}
