import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import classes from './button.module.css';

export type ButtonLook = {
  /** filled: the one thing to do here; default: others; light and subtle: quieter still. */
  variant?: 'filled' | 'light' | 'default' | 'subtle';
  size?: 'xs' | 'compact-sm' | 'sm' | 'md';
  color?: 'gray' | 'red';
  /** As wide as what it stands in. */
  fullWidth?: boolean;
  /** As wide as its text, also in a column that stretches. */
  fit?: boolean;
  leftSection?: ReactNode;
};

/** What makes an element look like a button. */
export function buttonLook({ variant = 'filled', size = 'sm', color, fullWidth, fit }: ButtonLook) {
  return {
    className: classes.button,
    'data-variant': variant,
    'data-size': size,
    'data-color': color,
    'data-full': fullWidth || undefined,
    'data-fit': fit || undefined,
  };
}

type Own = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'color'> & { ref?: Ref<HTMLButtonElement> };
export type ButtonProps = Own & ButtonLook & { loading?: boolean };

/** A button of our own, so that recipients load no library for it. */
export function Button(props: ButtonProps) {
  const { variant, size, color, fullWidth, fit, leftSection, loading, disabled, children, ...rest } = props;
  return (
    <button
      type="button"
      {...rest}
      {...buttonLook({ variant, size, color, fullWidth, fit })}
      disabled={disabled || loading}
      data-loading={loading || undefined}
    >
      {leftSection}
      {children}
    </button>
  );
}

type AnchorProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'color'> & ButtonLook & { href: string };

/** A link to something that the server answers with, a download for example. */
export function ButtonAnchor({
  variant,
  size,
  color,
  fullWidth,
  fit,
  leftSection,
  children,
  ...rest
}: AnchorProps) {
  return (
    <a {...rest} {...buttonLook({ variant, size, color, fullWidth, fit })}>
      {leftSection}
      {children}
    </a>
  );
}

type IconButtonProps = Own & Pick<ButtonLook, 'color'> & { 'aria-label': string };

/** A quiet button that is only a picture; its name is said, and shown to a pointer that rests on it. */
export function IconButton({ color = 'gray', ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      title={rest['aria-label']}
      {...rest}
      {...buttonLook({ variant: 'subtle', color })}
      data-icon
    />
  );
}
