import { SegmentedControl, Select, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Session } from '~/api/types';
import { isLanguage, LANGUAGE_NAMES, LANGUAGES } from '~/i18n';
import { useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { useLanguage } from '~/ui/fields/preferences';
import { chooseScheme, SCHEMES, useSchemeChoice } from '~/ui/theme/color-scheme';
import classes from './account.module.css';
import { changeMe } from './api';

type Props = { user: NonNullable<Session['user']>; onChanged: (session: Session) => void };

export function ProfileForm({ user, onChanged }: Props) {
  const t = useT();
  const [name, setName] = useState(user.name);
  const save = useAction({
    run: () => changeMe({ name: name.trim() }),
    done: t('account:profile.saved'),
    onDone: onChanged,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="md" maw={420}>
        <TextInput label={t('account:profile.email')} value={user.email} readOnly variant="filled" />
        <TextInput
          label={t('account:profile.name')}
          description={t('account:profile.name_hint')}
          autoComplete="name"
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" fit loading={save.isPending} disabled={name.trim() === user.name}>
          {t('action.save')}
        </Button>
      </Stack>
    </form>
  );
}

/** Language (also of mails, so the server knows it) and colours (of this browser). */
export function AppearanceForm({ onChanged }: Pick<Props, 'onChanged'>) {
  const t = useT();
  const [language, setLanguage] = useLanguage();
  const chosen = useSchemeChoice();
  const save = useAction({ run: (locale: string) => changeMe({ locale }), onDone: onChanged });
  return (
    <Stack gap="md" maw={420}>
      <Select
        label={t('preferences.language')}
        description={t('account:profile.language_hint')}
        data={LANGUAGES.map((value) => ({ value, label: LANGUAGE_NAMES[value] }))}
        value={language}
        onChange={(value) => {
          if (!isLanguage(value)) return;
          setLanguage(value);
          save.mutate(value);
        }}
      />
      <div>
        <div className={classes.label} id="scheme-label">
          {t('preferences.scheme')}
        </div>
        <SegmentedControl
          aria-labelledby="scheme-label"
          value={chosen}
          onChange={chooseScheme}
          data={SCHEMES.map((value) => ({
            value,
            label: t(`preferences.${value}`),
          }))}
        />
      </div>
    </Stack>
  );
}
