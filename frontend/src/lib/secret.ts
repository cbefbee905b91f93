/**
 * Takes the link secret out of the address bar: reads the fragment and removes it from the current
 * history entry, so that neither the history nor a shared screen keeps it. The fragment never reaches a server by itself.
 */
export function takeSecret(
  location: Location = window.location,
  history: History = window.history,
): string | null {
  const secret = location.hash.replace(/^#/, '');
  if (secret === '') return null;
  history.replaceState(history.state, '', location.pathname + location.search);
  return secret;
}
