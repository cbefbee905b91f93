import { takeSecret } from './secret';

/** Pages that are reached by a mailed link with a secret in the fragment. */
const SECRET_PAGES = ['/p', '/r', '/reset', '/welcome', '/setup'];

let held: string | null = null;

/** Called once, before the router sees the address: takes the secret out of it and keeps it in memory only. */
export function holdSecret(): void {
  const onSecretPage = (): boolean =>
    SECRET_PAGES.includes(window.location.pathname.replace(/(.)\/+$/, '$1'));
  if (onSecretPage()) held = takeSecret();
  // Another mailed link pasted into the same tab changes the fragment only: start afresh with it.
  window.addEventListener('hashchange', () => {
    if (onSecretPage() && window.location.hash !== '') window.location.reload();
  });
}

export function heldSecret(): string | null {
  return held;
}

export function dropSecret(): void {
  held = null;
}
