// What the simulators of sandboxes share: what a file gets, and reading a form.
import { createHash } from 'node:crypto';

export const sha256 = (content) => createHash('sha256').update(content).digest('hex');

/** What a file gets: by words in it, so that there is no malware here. */
export const ratingOf = (content) => (content.includes('sandbox: bad') ? 'bad' : content.includes('sandbox: odd') ? 'odd' : 'clean');

/** The parts of a form (RFC 7578) by their names. */
export function parts({ headers, content }) {
  const border = headers['content-type'].match(/boundary=(.+)$/)[1];
  const found = new Map();
  for (const part of content.toString('latin1').split(`--${border}`)) {
    const name = part.match(/^\r\nContent-Disposition: form-data; name="([^"]+)"/)?.[1];
    if (name) found.set(name, Buffer.from(part.slice(part.indexOf('\r\n\r\n') + 4, -2), 'latin1'));
  }
  return found;
}
