import { FileButton, Group, Modal, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import type { RuleSet } from '~/api/admin-types';
import { isProblem } from '~/api/problem';
import { useT } from '~/i18n/use-t';
import { fieldErrors } from '~/lib/problem-text';
import { useAction } from '~/lib/use-action';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { ListSkeleton, LoadError, ProblemAlert } from '~/ui/feedback/feedback';
import { type RuleSetInput, ruleSetsKey, sourceQuery, uploadRules } from './api';
import classes from './rule-sets.module.css';

/** What the compiler does not like, line by line. */
function RuleErrors({ error }: { error: unknown }) {
  const t = useT();
  const errors = isProblem(error, 'rules_invalid') ? (error.problem.rule_errors ?? []) : [];
  if (errors.length === 0) return null;
  return (
    <ul className={classes.errors} aria-label={t('admin:rules.errors')}>
      {errors.map(({ set, line, message }) => (
        <li key={`${set} ${line} ${message}`}>
          {line > 0 && <strong>{t('admin:rules.line', { line })}</strong>} <code>{message}</code>
        </li>
      ))}
    </ul>
  );
}

/** Uploads a version of a set; without a set the first one of a new set. */
export function UploadDialog({ set, onClose }: { set?: RuleSet; onClose: () => void }) {
  const t = useT();
  const form = useForm<RuleSetInput>({ initialValues: { name: set?.name ?? '', source: '' } });
  const upload = useAction<RuleSetInput, RuleSet>({
    run: uploadRules,
    stale: [ruleSetsKey],
    done: t('admin:rules.uploaded'),
    errors: 'inline',
    onDone: onClose,
  });
  const submit = form.onSubmit((input) => {
    const named = { ...input, name: input.name.trim() };
    upload.mutate(named, { onError: (error) => form.setErrors(fieldErrors(t, error)) });
  });
  const read = async (file: File | null): Promise<void> => {
    if (file) form.setFieldValue('source', await file.text());
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={set ? t('admin:rules.new_version_of', { name: set.name }) : t('admin:rules.new')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <form noValidate onSubmit={submit}>
        <Stack gap="md">
          {!set && (
            <TextInput
              label={t('admin:rules.name')}
              description={t('admin:rules.name_help')}
              required
              maxLength={40}
              autoCapitalize="none"
              data-autofocus
              {...form.getInputProps('name')}
            />
          )}
          <Textarea
            label={t('admin:rules.source')}
            description={t('admin:rules.source_help')}
            required
            rows={14}
            spellCheck={false}
            classNames={{ input: classes.source }}
            {...form.getInputProps('source')}
          />
          <div>
            <FileButton accept=".yar,.yara,.txt,text/plain" onChange={(file) => void read(file)}>
              {(props) => (
                <Button {...props} variant="default" leftSection={<Icon name="upload" size={16} />}>
                  {t('admin:rules.from_file')}
                </Button>
              )}
            </FileButton>
          </div>
          <ProblemAlert error={upload.error} />
          <RuleErrors error={upload.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={upload.isPending}>
              {t('admin:rules.upload')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** The rules of a version as they were written. */
export function SourceDialog({
  set,
  version,
  onClose,
}: {
  set: RuleSet;
  version: number;
  onClose: () => void;
}) {
  const t = useT();
  const { data, error, refetch } = useQuery(sourceQuery(set.name, version));
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t('admin:rules.version_of', { name: set.name, version })}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      {error ? (
        <LoadError error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <Textarea
          label={t('admin:rules.source')}
          readOnly
          rows={18}
          classNames={{ input: classes.source }}
          value={data.source}
        />
      ) : (
        <ListSkeleton />
      )}
    </Modal>
  );
}
