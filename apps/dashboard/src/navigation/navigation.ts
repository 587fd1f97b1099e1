import { useLayoutEffect, useState } from 'preact/hooks';

/** Paths of the service that are not pages of the dashboard. */
const OTHER_PATHS = /^\/(?:auth|directory|docs|modules|v1)(?:\/|$)/;

/** The address of the page. The component is rendered again when it changes. */
export function useAddress(): URL {
  const [href, setHref] = useState(window.location.href);
  // Before the effects of children, which may navigate.
  useLayoutEffect(() => {
    const changed = () => setHref(window.location.href);
    window.addEventListener('popstate', changed);
    return () => window.removeEventListener('popstate', changed);
  }, []);
  return new URL(href);
}

/** Opens a page of the dashboard without loading it again. */
export function navigate(to: string, { replace = false } = {}): void {
  window.history[replace ? 'replaceState' : 'pushState'](null, '', to);
  window.dispatchEvent(new PopStateEvent('popstate'));
}

/** Makes links to pages of the dashboard open without loading it again. Call it once. */
export function followLinks(): void {
  document.addEventListener('click', (event) => {
    const hasModifier = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (event.defaultPrevented || event.button !== 0 || hasModifier) return;
    const link = (event.target as Element).closest('a');
    if (link === null || link.target !== '' || link.hasAttribute('download') || link.hash !== '') return;
    if (link.origin !== window.location.origin || OTHER_PATHS.test(link.pathname)) return;
    event.preventDefault();
    const isOtherPage = link.pathname !== window.location.pathname;
    navigate(link.href);
    if (isOtherPage) window.scrollTo(0, 0);
  });
}
