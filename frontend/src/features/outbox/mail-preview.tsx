import { useEffect, useRef } from 'react';
import { htmlForSandbox } from '~/lib/trusted-html';
import classes from './outbox.module.css';

/**
 * Shows a mail's HTML in a frame that can run nothing. The frame inherits our content security policy, which
 * refuses inline style; so styles are taken out of the text and set again through the object model, which it allows.
 */
export function MailPreview({ html, title }: { html: string; title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);

  // The frame's document lives outside React.
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const sheets: string[] = [];
    const plain = html
      .replace(/<style[^>]*>([\s\S]*?)<\/style>/gi, (_, css: string) => {
        sheets.push(css);
        return '';
      })
      .replace(/(<[^>]*?)\sstyle=/gi, '$1 data-style=');
    const dress = (): void => {
      const inner = element.contentDocument;
      const view = inner?.defaultView as (Window & typeof globalThis) | null | undefined;
      if (!inner || !view) return;
      for (const node of inner.querySelectorAll<HTMLElement>('[data-style]')) {
        node.style.cssText = node.dataset.style ?? '';
      }
      for (const css of sheets) {
        const sheet = new view.CSSStyleSheet();
        sheet.replaceSync(css);
        inner.adoptedStyleSheets.push(sheet);
      }
      element.style.height = `${Math.max(240, inner.documentElement.scrollHeight + 16)}px`;
    };
    element.addEventListener('load', dress);
    element.srcdoc = htmlForSandbox(plain);
    return () => element.removeEventListener('load', dress);
  }, [html]);

  return <iframe ref={frame} title={title} sandbox="allow-same-origin" className={classes.preview} />;
}
