/** Good enough to catch a slip of the finger; the server decides. */
const ADDRESS = /^[^\s@<>(),;:"\\[\]]+@[^\s@<>(),;:"\\[\]]+\.[^\s@<>(),;:"\\[\]]{2,}$/;

export function isEmail(text: string): boolean {
  return text.length <= 254 && ADDRESS.test(text) && !text.includes('..');
}

/**
 * Splits what people paste from a mail program or a table into addresses:
 * `Nová, Jana <jana@example.com>; petr@example.com` gives two. Order is kept, doubles are dropped;
 * where names stand beside addresses, the names are dropped.
 */
export function splitAddresses(text: string): string[] {
  const withNames = /<[^<>]+@[^<>]+>/.test(text);
  const found = text
    .split(/[,;\n\r\t]+/)
    .flatMap((part) => {
      const bracketed = part.match(/<([^<>]+)>/);
      return bracketed?.[1] ? [bracketed[1]] : part.split(/\s+/);
    })
    .map((part) => part.trim().replace(/^mailto:/i, ''))
    .filter((part) => part !== '' && (!withNames || part.includes('@')));
  const seen = new Set<string>();
  return found.filter((address) => {
    const key = address.toLowerCase();
    return seen.has(key) ? false : seen.add(key);
  });
}
