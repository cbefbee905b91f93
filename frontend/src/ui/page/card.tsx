import { type ReactNode, useId } from 'react';
import classes from './card.module.css';

type Props = {
  title?: string;
  description?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  flush?: boolean;
  className?: string;
};

/** A quiet panel; with a title it is a region that a screen reader can jump to. */
export function Card({ title, description, actions, children, flush, className }: Props) {
  const id = useId();
  return (
    <section
      className={[classes.card, className].filter(Boolean).join(' ')}
      aria-labelledby={title ? id : undefined}
    >
      {title && (
        <header className={classes.header}>
          <div className={classes.heading}>
            <h2 id={id}>{title}</h2>
            {description && <div className={classes.description}>{description}</div>}
          </div>
          {actions}
        </header>
      )}
      <div className={flush ? undefined : classes.body} data-titled={title ? true : undefined}>
        {children}
      </div>
    </section>
  );
}
