import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { RuleSet, RuleSetVersion } from '~/api/admin-types';
import { useLocale, useT } from '~/i18n/use-t';
import { formatSize } from '~/lib/format';
import { ConfirmButton } from '~/ui/actions/confirm-button';
import { Badge } from '~/ui/badge/badge';
import { Button } from '~/ui/base/button';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import { activateRules, removeRules, ruleSetsKey } from './api';
import { SourceDialog, UploadDialog } from './rule-set-dialogs';

/** The rules in force are an engine, whose state changes with them. */
const useFresh = () => {
  const queryClient = useQueryClient();
  return async (change: Promise<unknown>): Promise<void> => {
    await change;
    await queryClient.invalidateQueries({ queryKey: ruleSetsKey });
    await queryClient.invalidateQueries({ queryKey: ['admin', 'engines'] });
  };
};

function Version({ set, version }: { set: RuleSet; version: RuleSetVersion }) {
  const t = useT();
  const locale = useLocale();
  const fresh = useFresh();
  const [shown, setShown] = useState(false);
  const { number } = version;
  const active = set.active_version === number;
  const older = set.active_version !== null && number < set.active_version;
  const act = older ? t('admin:rules.roll_back') : t('admin:rules.activate');
  const facts = [
    t('admin:rules.count', { count: version.rules }),
    formatSize(version.bytes, locale),
    version.author,
    `SHA-256 ${version.sha256.slice(0, 12)}…`,
  ];
  return (
    <Row
      title={t('admin:rules.version', { version: number })}
      badge={
        active && (
          <Badge tone="good" icon="check">
            {t('admin:rules.active')}
          </Badge>
        )
      }
      sub={facts.filter(Boolean).join(' · ')}
      meta={<Time at={version.created_at} />}
      actions={
        <>
          <Button variant="default" size="xs" onClick={() => setShown(true)}>
            {t('admin:rules.show')}
          </Button>
          {!active && (
            <ConfirmButton
              variant="default"
              size="xs"
              label={act}
              title={t('admin:rules.activate_title', { name: set.name, version: number })}
              text={t('admin:rules.activate_text')}
              confirm={act}
              onConfirm={() => fresh(activateRules(set.name, number))}
            />
          )}
          {shown && <SourceDialog set={set} version={number} onClose={() => setShown(false)} />}
        </>
      }
    />
  );
}

function Actions({ set }: { set: RuleSet }) {
  const t = useT();
  const fresh = useFresh();
  const [upload, setUpload] = useState(false);
  const { name } = set;
  return (
    <>
      <Button variant="default" size="xs" onClick={() => setUpload(true)}>
        {t('admin:rules.new_version')}
      </Button>
      {set.active_version !== null && (
        <ConfirmButton
          variant="default"
          size="xs"
          label={t('admin:rules.deactivate')}
          title={t('admin:rules.deactivate_title', { name })}
          text={t('admin:rules.deactivate_text')}
          confirm={t('admin:rules.deactivate')}
          danger
          onConfirm={() => fresh(activateRules(name, null))}
        />
      )}
      <ConfirmButton
        variant="default"
        size="xs"
        label={t('admin:rules.remove')}
        title={t('admin:rules.remove_title', { name })}
        text={t('admin:rules.remove_text')}
        confirm={t('admin:rules.remove')}
        danger
        onConfirm={() => fresh(removeRules(name))}
      />
      {upload && <UploadDialog set={set} onClose={() => setUpload(false)} />}
    </>
  );
}

/** All sets, each with its versions. */
export function RuleSetList({ sets }: { sets: readonly RuleSet[] }) {
  const t = useT();
  return (
    <Rows label={t('admin:menu.rules')}>
      {sets.map((set) => (
        <Row
          key={set.name}
          title={set.name}
          badge={
            set.active_version === null ? (
              <Badge tone="mute">{t('admin:rules.inactive')}</Badge>
            ) : (
              <Badge tone="good" icon="check">
                {t('admin:rules.active_version', { version: set.active_version })}
              </Badge>
            )
          }
          actions={<Actions set={set} />}
        >
          <Rows label={t('admin:rules.versions_of', { name: set.name })}>
            {set.versions.map((version) => (
              <Version key={version.number} set={set} version={version} />
            ))}
          </Rows>
        </Row>
      ))}
    </Rows>
  );
}
