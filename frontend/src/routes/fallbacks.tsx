import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { isProblem } from '~/api/problem';
import { useT } from '~/i18n/use-t';
import { LinkButton } from '~/lib/link';
import { paths } from '~/lib/paths';
import { Button } from '~/ui/base/button';
import { Empty, ListSkeleton, LoadError } from '~/ui/feedback/feedback';
import { Card } from '~/ui/page/card';
import { Page } from '~/ui/page/page';
import classes from './fallbacks.module.css';
import { PublicLayout } from './public/layout';

export function PagePending() {
  return (
    <div className={classes.pending}>
      <ListSkeleton rows={6} />
    </div>
  );
}

export function PageMissing() {
  const t = useT();
  return (
    <div className={classes.alone}>
      <Page title={t('not_found.title')} width="narrow">
        <Empty icon="search" title={t('not_found.text')}>
          <LinkButton to={paths.home()} variant="light">
            {t('not_found.home')}
          </LinkButton>
        </Empty>
      </Page>
    </div>
  );
}

/** A page could not be loaded, or broke; it says which, and offers the way on. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const t = useT();
  const router = useRouter();
  if (isProblem(error, 'not_found')) return <PageMissing />;
  const retry = (): void => {
    reset();
    void router.invalidate();
  };
  return (
    <div className={classes.alone}>
      <Page title={t('crash.title')} width="narrow">
        <Card flush>
          {isProblem(error) ? (
            <LoadError error={error} onRetry={retry} />
          ) : (
            <Empty icon="alert" title={t('crash.text')}>
              <Button variant="light" onClick={() => window.location.reload()}>
                {t('crash.reload')}
              </Button>
            </Empty>
          )}
        </Card>
      </Page>
    </div>
  );
}

/** The same where no frame is around: at the root, and when a frame itself could not be loaded. */
export function LonePageMissing() {
  return (
    <PublicLayout>
      <PageMissing />
    </PublicLayout>
  );
}

export function LonePageError(props: ErrorComponentProps) {
  return (
    <PublicLayout>
      <PageError {...props} />
    </PublicLayout>
  );
}
