import { apiUrl } from './client';

/**
 * Listens to one kind of server-sent event until the returned function is called.
 * The browser reconnects by itself; when the server refuses for good, `onLost` is told once.
 */
export function listen<T>(
  path: string,
  event: string,
  onData: (data: T) => void,
  onLost?: () => void,
): () => void {
  if (typeof EventSource === 'undefined') return () => {};
  const source = new EventSource(apiUrl(path));
  source.addEventListener(event, (message) => {
    onData(JSON.parse(message.data) as T);
  });
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) onLost?.();
  });
  return () => source.close();
}
