import { FileButton, Group, Stack, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { Licence } from '~/api/licence-types';
import { useT } from '~/i18n/use-t';
import { fieldErrors } from '~/lib/problem-text';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { ProblemAlert } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import { installLicence, licenceKey } from './api';
import classes from './licence.module.css';

/** Installs a licence, pasted or from a file. */
export function LicenceForm() {
  const t = useT();
  const form = useForm({ initialValues: { text: '' } });
  const install = useAction<string, Licence>({
    run: installLicence,
    stale: [licenceKey, ['admin', 'session'], ['admin', 'dashboard']],
    done: t('admin:licence.done'),
    errors: 'inline',
    onDone: () => form.reset(),
  });
  const submit = form.onSubmit(({ text }) => {
    install.mutate(text, { onError: (error) => form.setErrors(fieldErrors(t, error)) });
  });
  const read = async (file: File | null): Promise<void> => {
    if (file) form.setFieldValue('text', await file.text());
  };
  return (
    <Card title={t('admin:licence.install_title')} description={t('admin:licence.install_text')}>
      <form noValidate onSubmit={submit}>
        <Stack gap="md">
          <Textarea
            label={t('admin:licence.text')}
            description={t('admin:licence.text_help')}
            required
            rows={7}
            spellCheck={false}
            classNames={{ input: classes.text }}
            {...form.getInputProps('text')}
          />
          <ProblemAlert error={install.error} />
          <Group justify="space-between">
            <FileButton accept=".txt,.licence,text/plain" onChange={(file) => void read(file)}>
              {(props) => (
                <Button {...props} variant="default" leftSection={<Icon name="upload" size={16} />}>
                  {t('admin:licence.from_file')}
                </Button>
              )}
            </FileButton>
            <Button type="submit" loading={install.isPending} disabled={form.values.text.trim() === ''}>
              {t('admin:licence.install')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
