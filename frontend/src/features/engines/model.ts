import type { Engine, EngineField, EngineKind, EngineValue } from '~/api/admin-types';
import type { EngineInput } from './api';

export const MEBIBYTE = 1024 * 1024;

/** A size as the form has it. */
export const mebibytes = (bytes: number, locale: string): string =>
  `${new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }).format(bytes / MEBIBYTE)} MiB`;

/** What a field holds before anybody typed. */
export function emptyValue(field: EngineField): EngineValue {
  if (field.default !== null) return field.default;
  return field.holds === 'list' ? [] : field.holds === 'flag' ? false : '';
}

/** The form of an engine that is there, or of a new one of a kind. */
export function formOf(kind: EngineKind, engine?: Engine): EngineInput {
  const setup = engine?.setup;
  const config = Object.fromEntries(
    kind.fields.map((field) => [field.name, setup?.config[field.name] ?? emptyValue(field)]),
  );
  return {
    name: engine?.name ?? kind.title,
    stage: engine && engine.class !== 'internal' ? engine.class : kind.stage,
    enabled: engine?.enabled ?? true,
    mandatory: engine?.mandatory ?? true,
    largest_file: setup?.largest_file ?? kind.largest_file,
    oversize: setup?.oversize ?? 'unscannable',
    types: setup?.types ?? { mode: 'all', endings: [], others: 'skip' },
    at_once: setup?.at_once ?? kind.at_once,
    seconds: setup?.seconds ?? kind.seconds,
    config,
  };
}

const isSecret = (field: EngineField) => field.holds === 'secret' || field.holds === 'long_secret';

/** What of a form is sent: a secret that nobody typed stays as it is. */
export function inputOf(kind: EngineKind, form: EngineInput): EngineInput {
  const kept = kind.fields.filter((field) => !isSecret(field) || form.config[field.name] !== '');
  return {
    ...form,
    name: form.name.trim(),
    config: Object.fromEntries(kept.map((field) => [field.name, form.config[field.name] ?? null])),
  };
}

/** The ids after one was put in another's place. */
export function moved(ids: readonly string[], from: string, to: string): string[] {
  const rest = ids.filter((id) => id !== from);
  const target = ids.indexOf(to);
  if (target < 0 || !ids.includes(from)) return [...ids];
  rest.splice(target, 0, from);
  return rest;
}
