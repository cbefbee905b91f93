import { useQueryClient } from '@tanstack/react-query';
import type { Engine } from '~/api/admin-types';
import type { Items } from '~/api/types';
import { textOf, useT } from '~/i18n/use-t';
import { useAction } from '~/lib/use-action';
import { Badge } from '~/ui/badge/badge';
import { Button } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import { Notice } from '~/ui/feedback/feedback';
import { Time } from '~/ui/fields/time';
import { Row, Rows } from '~/ui/list/rows';
import { enginesKey, selfTest } from './api';
import classes from './engines.module.css';

function Status({ engine }: { engine: Engine }) {
  const t = useT();
  return (
    <>
      {!engine.enabled ? (
        <Badge tone="mute">{t('admin:engines.disabled')}</Badge>
      ) : engine.available === null ? (
        <Badge tone="info">{t('admin:engines.unknown')}</Badge>
      ) : engine.available ? (
        <Badge tone="good" icon="check">
          {t('admin:engines.available')}
        </Badge>
      ) : (
        <Badge tone="bad" icon="alert">
          {t('admin:engines.unavailable')}
        </Badge>
      )}
      {engine.mandatory && <Badge tone="mute">{t('admin:engines.mandatory')}</Badge>}
    </>
  );
}

function EngineRow({ engine }: { engine: Engine }) {
  const t = useT();
  const queryClient = useQueryClient();
  const test = useAction<void, Engine>({
    run: () => selfTest(engine.id),
    onDone: (next) =>
      queryClient.setQueryData<Items<Engine>>(enginesKey, (old) =>
        old ? { items: old.items.map((one) => (one.id === next.id ? next : one)) } : old,
      ),
  });
  return (
    <Row
      title={textOf(t, 'packages:engine', engine.id)}
      badge={<Status engine={engine} />}
      sub={
        <>
          {t(`admin:engines.class.${engine.class}`)}
          {engine.version && ` · ${engine.version}`}
          {engine.signature_version &&
            ` · ${t('admin:engines.signatures', { version: engine.signature_version })}`}{' '}
          {engine.signature_at && <Time at={engine.signature_at} />}
          {engine.checked_at && (
            <>
              {' · '}
              {t('admin:engines.checked')} <Time at={engine.checked_at} />
            </>
          )}
        </>
      }
      actions={
        <Button variant="default" size="xs" loading={test.isPending} onClick={() => test.mutate()}>
          {t('admin:engines.test')}
        </Button>
      }
    >
      {engine.last_error && <p className={classes.error}>{engine.last_error}</p>}
      {engine.self_test.length > 0 && (
        <ul className={classes.probes} aria-label={t('admin:engines.probes')}>
          {engine.self_test.map(({ probe, passed, detail }) => (
            <li key={probe} data-passed={passed}>
              <Icon name={passed ? 'check' : 'close'} size={16} />
              <span>
                {textOf(t, 'admin:engines.probe', probe)}:{' '}
                {passed ? t('admin:engines.passed') : t('admin:engines.failed')}
                {detail && ` (${detail})`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Row>
  );
}

/** All engines, with the plain word about what is missing. */
export function EngineList({ engines }: { engines: readonly Engine[] }) {
  const t = useT();
  return (
    <Rows label={t('admin:engines.title')}>
      {engines.map((engine) => (
        <EngineRow key={engine.id} engine={engine} />
      ))}
    </Rows>
  );
}

export function AntivirusNote({ engines }: { engines: readonly Engine[] }) {
  const t = useT();
  const present = engines.some((engine) => engine.class === 'antivirus' && engine.enabled);
  if (present) return null;
  return (
    <Notice tone="warn" title={t('admin:engines.no_antivirus')}>
      {t('admin:engines.no_antivirus_text')}
    </Notice>
  );
}
