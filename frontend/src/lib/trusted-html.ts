type Policy = { createHTML: (html: string) => string };
type TrustedTypes = {
  createPolicy: (name: string, rules: { createHTML: (html: string) => string }) => Policy;
};

declare global {
  interface Window {
    trustedTypes?: TrustedTypes;
  }
}

let policy: Policy | undefined;

/**
 * Marks HTML for a sandboxed frame without scripts. It is the only policy the application creates ("sofie");
 * never use it for a node of our own document.
 */
export function htmlForSandbox(html: string): string {
  policy ??= window.trustedTypes?.createPolicy('sofie', { createHTML: (text) => text }) ?? {
    createHTML: (text) => text,
  };
  return policy.createHTML(html);
}
