import type { ReactNode } from 'react';
import { isProblem } from '~/api/problem';
import { useLocale, useT } from '~/i18n/use-t';
import { problemText } from '~/lib/problem-text';
import { Button } from '~/ui/base/button';
import { Skeleton } from '~/ui/base/progress';
import { Stack } from '~/ui/base/stack';
import { Icon, type IconName } from '~/ui/brand/icon';
import classes from './feedback.module.css';

/** Nothing is here: says so kindly, and what to do about it. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <span className={classes.emptyIcon}>
        <Icon name={icon} size={26} />
      </span>
      <p className={classes.emptyTitle}>{title}</p>
      {children && <div className={classes.emptyText}>{children}</div>}
    </div>
  );
}

export function ListSkeleton({ rows = 5 }: { rows?: number }) {
  const t = useT();
  return (
    <div role="status" aria-label={t('state.loading')} className={classes.skeleton}>
      <Stack>
        {Array.from({ length: rows }, (_, row) => row).map((row) => (
          <Skeleton key={row} />
        ))}
      </Stack>
    </div>
  );
}

/** A part of a page could not be loaded. */
export function LoadError({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useT();
  const locale = useLocale();
  const requestId = isProblem(error) ? error.problem.request_id : undefined;
  return (
    <div className={classes.error} role="alert">
      <span className={classes.errorIcon}>
        <Icon name="alert" size={24} />
      </span>
      <div className={classes.errorText}>
        <strong>{problemText(t, locale, error)}</strong>
        {requestId && <span className={classes.requestId}>{t('error.request_id', { id: requestId })}</span>}
      </div>
      {onRetry && (
        <Button variant="default" onClick={onRetry} leftSection={<Icon name="retry" size={16} />}>
          {t('action.retry')}
        </Button>
      )}
    </div>
  );
}

/** Why a form was refused; next to the button that was pressed. */
export function ProblemAlert({ error }: { error: unknown }) {
  const t = useT();
  const locale = useLocale();
  if (!error) return null;
  return (
    <div role="alert">
      <Notice tone="bad">{problemText(t, locale, error)}</Notice>
    </div>
  );
}

type NoticeProps = {
  tone: 'info' | 'warn' | 'bad' | 'good';
  title?: string;
  children: ReactNode;
  actions?: ReactNode;
};
const NOTICE_ICON: Record<NoticeProps['tone'], IconName> = {
  info: 'info',
  warn: 'alert',
  bad: 'blocked',
  good: 'shieldCheck',
};

export function Notice({ tone, title, children, actions }: NoticeProps) {
  return (
    <div className={classes.notice} data-tone={tone}>
      <span className={classes.noticeIcon}>
        <Icon name={NOTICE_ICON[tone]} size={20} />
      </span>
      <div className={classes.noticeText}>
        {title && <strong>{title}</strong>}
        <div>{children}</div>
      </div>
      {actions && <div>{actions}</div>}
    </div>
  );
}
