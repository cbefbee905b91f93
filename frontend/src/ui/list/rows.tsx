import type { DragEventHandler, ReactNode } from 'react';
import classes from './rows.module.css';

/** A list of like things with their facts and buttons: a table where there is room, cards on a phone. */
export function Rows({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ul className={classes.list} aria-label={label}>
      {children}
    </ul>
  );
}

type RowProps = {
  title: ReactNode;
  sub?: ReactNode;
  badge?: ReactNode;
  meta?: ReactNode;
  actions?: ReactNode;
  /** Before all the rest, such as a handle to drag the row by. */
  lead?: ReactNode;
  onDragOver?: DragEventHandler;
  onDrop?: DragEventHandler;
  children?: ReactNode;
};

export function Row({ title, sub, badge, meta, actions, lead, children, ...drag }: RowProps) {
  return (
    <li className={classes.row} {...drag}>
      <div className={classes.line}>
        {lead}
        <div className={classes.main}>
          <div className={classes.title}>
            {title} {badge}
          </div>
          {sub && <div className={classes.sub}>{sub}</div>}
        </div>
        {meta && <div className={classes.meta}>{meta}</div>}
        {actions && <div className={classes.actions}>{actions}</div>}
      </div>
      {children}
    </li>
  );
}
