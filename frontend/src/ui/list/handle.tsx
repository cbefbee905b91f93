import { type DragEventHandler, type MouseEvent, useLayoutEffect, useRef } from 'react';
import { IconButton } from '~/ui/base/button';
import { Icon } from '~/ui/brand/icon';
import classes from './handle.module.css';

type Props = {
  label: string;
  up: string;
  down: string;
  /** Where the row is now. */
  place: number;
  canMove: (by: number) => boolean;
  move: (by: number) => void;
  /** With it the row can be dragged, too. */
  onDragStart?: DragEventHandler;
};

/** Takes a row to another place, with the pointer or by its two buttons, which keep the focus. */
export function Handle({ label, up, down, place, canMove, move, onDragStart }: Props) {
  const pressed = useRef<HTMLButtonElement | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the row was moved, and the browser forgot where one was
  useLayoutEffect(() => {
    pressed.current?.focus();
    pressed.current = null;
  }, [place]);
  const step = (by: number) => ({
    // Not disabled: a button that is would lose the focus at the end of the list.
    'aria-disabled': !canMove(by),
    onClick: (event: MouseEvent<HTMLButtonElement>) => {
      if (!canMove(by)) return;
      pressed.current = event.currentTarget;
      move(by);
    },
  });
  return (
    <fieldset
      className={classes.handle}
      aria-label={label}
      draggable={onDragStart !== undefined}
      onDragStart={onDragStart}
    >
      <IconButton aria-label={up} {...step(-1)}>
        <Icon name="chevron" size={16} />
      </IconButton>
      <IconButton aria-label={down} {...step(1)}>
        <Icon name="chevron" size={16} />
      </IconButton>
    </fieldset>
  );
}
