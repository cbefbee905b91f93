import type { ReactNode } from 'react';
import { useT } from '~/i18n/use-t';
import { Logo } from '~/ui/brand/logo';
import { Preferences } from '~/ui/fields/preferences';
import classes from './public-shell.module.css';
import { SkipLink } from './skip-link';

type Props = {
  name?: string;
  /** Stands in the footer. */
  below?: ReactNode;
  children: ReactNode;
};

/** The frame of pages for people who are not logged in: little, so that it loads at once. */
export function PublicShell({ name, below, children }: Props) {
  const t = useT();
  return (
    <div className={classes.shell}>
      <SkipLink />
      <header className={classes.header}>
        <Logo name={name} />
        <Preferences />
      </header>
      <main id="content" className={classes.main}>
        {children}
      </main>
      <footer className={classes.footer}>
        {below && <div>{below}</div>}
        {t('app.promise')}
      </footer>
    </div>
  );
}
