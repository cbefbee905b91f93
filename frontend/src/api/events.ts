import { apiUrl } from './client';

type Also = {
  /** The stream begins, or begins anew: what happened before was not heard. */
  onOpen?: () => void;
  /** The server refuses for good; told once. */
  onLost?: () => void;
};

/**
 * Listens to one kind of server-sent event until the returned function is called. The browser reconnects by itself.
 */
export function listen<T>(
  path: string,
  event: string,
  onData: (data: T) => void,
  { onOpen, onLost }: Also = {},
): () => void {
  if (typeof EventSource === 'undefined') return () => {};
  const source = new EventSource(apiUrl(path));
  source.addEventListener(event, (message) => {
    onData(JSON.parse(message.data) as T);
  });
  source.addEventListener('open', () => onOpen?.());
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) onLost?.();
  });
  return () => source.close();
}
