import type { Setting, SettingValue } from '~/api/admin-types';

/** What policy says of one kind of finding. */
export type Rule = { name: string; outgoing: Setting; incoming: Setting };

const isRule = ({ kind, options }: Setting) => kind === 'choice' && (options ?? []).includes('quarantine');

/** The settings that are rules, in pairs of the two ways that a package goes. */
export function rulesOf(settings: readonly Setting[]): Rule[] {
  const byKey = new Map(settings.map((setting) => [setting.key, setting]));
  return settings.flatMap((outgoing) => {
    const name = outgoing.key.slice(outgoing.group.length + 1);
    const incoming = byKey.get(`incoming.${name}`);
    return isRule(outgoing) && incoming && incoming !== outgoing ? [{ name, outgoing, incoming }] : [];
  });
}

/** The settings that have no page of their own. */
export const withoutRules = (settings: readonly Setting[]): Setting[] =>
  settings.filter((setting) => !isRule(setting));

/** What a setting will be once everything is saved. */
export const wordOf = (setting: Setting, edits: Readonly<Record<string, SettingValue>>): string =>
  String(edits[setting.key] ?? setting.value);

/** Stands for a rule that a group does not have of its own. */
export const INHERITED = 'inherited';

/** The words of a group's own rules, by the keys of their settings. */
export type OwnRules = Readonly<Record<string, string>>;

/** What a rule of a group will be once everything is saved. */
export const ownWordOf = (setting: Setting, own: OwnRules, edits: OwnRules): string =>
  edits[setting.key] ?? own[setting.key] ?? INHERITED;

/** What differs from the server's word; null takes a rule of the group's own away. */
export function ruleChanges(own: OwnRules, edits: OwnRules): Record<string, string | null> {
  const changed = Object.entries(edits).filter(([key, word]) => word !== (own[key] ?? INHERITED));
  return Object.fromEntries(changed.map(([key, word]) => [key, word === INHERITED ? null : word]));
}
