import { Select } from '@mantine/core';
import type { Setting } from '~/api/admin-types';
import { textOf, useT } from '~/i18n/use-t';
import classes from './policy.module.css';
import type { Rule } from './rules';

/** Names the columns, where there is room for columns. */
export function RuleHead() {
  const t = useT();
  return (
    <div className={classes.head} aria-hidden="true">
      <span>{t('admin:policy.finding')}</span>
      <span>{t('admin:policy.outgoing')}</span>
      <span>{t('admin:policy.incoming')}</span>
    </div>
  );
}

type Props = {
  rule: Rule;
  words: (setting: Setting) => { value: string; label: string }[];
  word: (setting: Setting) => string;
  onChange: (key: string, word: string) => void;
};

/** One kind of finding, and what happens for both ways that a package goes. */
export function RuleChoices({ rule, words, word, onChange }: Props) {
  const t = useT();
  const label = textOf(t, 'settings:label', `checks.${rule.name}`);
  const choose = (setting: Setting, name: string) => (
    <Select
      aria-label={name}
      allowDeselect={false}
      data={words(setting)}
      value={word(setting)}
      onChange={(next) => next && onChange(setting.key, next)}
    />
  );
  return (
    <div className={classes.rule}>
      <div>
        <div className={classes.label}>{label}</div>
        <div className={classes.help}>{textOf(t, 'settings:help', `checks.${rule.name}`)}</div>
      </div>
      <div className={classes.choice}>
        <span className={classes.way}>{t('admin:policy.outgoing')}</span>
        {choose(rule.outgoing, t('admin:policy.rule_outgoing', { rule: label }))}
      </div>
      <div className={classes.choice}>
        <span className={classes.way}>{t('admin:policy.incoming')}</span>
        {choose(rule.incoming, t('admin:policy.rule_incoming', { rule: label }))}
      </div>
    </div>
  );
}
