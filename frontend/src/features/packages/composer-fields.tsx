import {
  Collapse,
  NumberInput,
  PasswordInput,
  Radio,
  Stack,
  Switch,
  Textarea,
  TextInput,
} from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import type { Instance, PackageType, Session } from '~/api/types';
import { useT } from '~/i18n/use-t';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { EmailChips } from '~/ui/fields/email-chips';
import classes from './composer.module.css';
import type { Draft } from './model';

type Form = UseFormReturnType<Draft>;

const errorOf = (form: Form, field: keyof Draft): string | undefined => {
  const error = form.errors[field];
  return typeof error === 'string' ? error : undefined;
};

export function LetterFields({ form, instance }: { form: Form; instance: Instance }) {
  const t = useT();
  const { type, blind, recipients } = form.values;
  const [showBlind, setShowBlind] = useState(blind.length > 0);
  return (
    <Stack gap="md">
      <div>
        <EmailChips
          label={t('send:to')}
          description={type === 'private' ? undefined : t('send:to_optional')}
          required={type === 'private'}
          value={recipients}
          max={instance.limits.recipients}
          error={errorOf(form, 'recipients')}
          onChange={(value) => form.setFieldValue('recipients', value)}
        />
        {!showBlind && (
          <Button variant="subtle" size="compact-sm" onClick={() => setShowBlind(true)}>
            {t('send:add_blind')}
          </Button>
        )}
      </div>
      {showBlind && (
        <EmailChips
          label={t('send:blind')}
          description={t('send:blind_hint')}
          value={blind}
          error={errorOf(form, 'blind')}
          onChange={(value) => form.setFieldValue('blind', value)}
        />
      )}
      <TextInput
        label={t('send:title')}
        maxLength={instance.limits.title}
        size="md"
        {...form.getInputProps('title')}
      />
      <Textarea
        label={t('send:note')}
        maxLength={instance.limits.note}
        autosize
        minRows={4}
        maxRows={16}
        size="md"
        {...form.getInputProps('note')}
      />
    </Stack>
  );
}

const RIGHT: Record<PackageType, keyof Session['can']> = {
  private: 'send_private',
  internal: 'send_internal',
  public: 'send_public',
};

export function TypeField({ form, types, can }: { form: Form; types: PackageType[]; can: Session['can'] }) {
  const t = useT();
  return (
    <Radio.Group label={t('send:type')} {...form.getInputProps('type')}>
      <div className={classes.types}>
        {types.map((type) => (
          <Radio
            key={type}
            value={type}
            disabled={!can[RIGHT[type]]}
            label={t(`packages:type.${type}`)}
            description={can[RIGHT[type]] ? t(`send:type_explained.${type}`) : t('send:type_denied')}
          />
        ))}
      </div>
    </Radio.Group>
  );
}

export function ProtectionFields({
  form,
  instance,
  hadPassword,
}: {
  form: Form;
  instance: Instance;
  hadPassword: boolean;
}) {
  const t = useT();
  const { password, accessLimit } = form.values;
  const { min, max } = instance.expiry_days;
  const [open, more] = useDisclosure(password !== null || accessLimit !== null);
  return (
    <Stack gap="md">
      <NumberInput
        label={t('send:expires')}
        description={t('send:expires_hint', { min, max })}
        min={min}
        max={max}
        allowDecimal={false}
        value={form.values.days}
        error={form.errors.days}
        onChange={(value) => typeof value === 'number' && form.setFieldValue('days', value)}
      />
      <Button
        variant="subtle"
        size="compact-sm"
        className={classes.more}
        aria-expanded={open}
        onClick={more.toggle}
        leftSection={<Icon name="lock" size={16} />}
      >
        {t('send:protection')}
      </Button>
      <Collapse expanded={open}>
        <Stack gap="md">
          <Switch
            label={t('send:with_password')}
            description={t('send:with_password_hint')}
            checked={password !== null}
            onChange={(event) => form.setFieldValue('password', event.currentTarget.checked ? '' : null)}
          />
          {password !== null && (
            <PasswordInput
              label={t('send:password')}
              placeholder={hadPassword ? t('send:password_kept') : undefined}
              autoComplete="new-password"
              {...form.getInputProps('password')}
            />
          )}
          <NumberInput
            label={t('send:access_limit')}
            description={t('send:access_limit_hint')}
            min={1}
            max={1_000_000}
            allowDecimal={false}
            value={accessLimit ?? ''}
            error={form.errors.accessLimit}
            onChange={(value) => form.setFieldValue('accessLimit', typeof value === 'number' ? value : null)}
          />
        </Stack>
      </Collapse>
    </Stack>
  );
}
