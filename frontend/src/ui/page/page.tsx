import { type ReactNode, useEffect, useRef } from 'react';
import classes from './page.module.css';

let firstPage = true;

type Props = {
  title: string;
  /** What the browser's tab says when the heading is too long or too personal for it. */
  tab?: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  width?: 'narrow' | 'normal' | 'wide';
};

/** One page: its heading gets the focus after a change of route, so that a screen reader says where we are. */
export function Page({ title, tab, lead, actions, children, width = 'normal' }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);

  // Focus and the document's title live outside React.
  useEffect(() => {
    if (!firstPage && !document.activeElement?.closest('[role=dialog]'))
      heading.current?.focus({ preventScroll: true });
    firstPage = false;
  }, []);
  useEffect(() => {
    document.title = `${tab ?? title} · SOFiE`;
  }, [tab, title]);

  return (
    <div className={classes.page} data-width={width}>
      <header className={classes.header}>
        <div className={classes.heading}>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <div className={classes.lead}>{lead}</div>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}
