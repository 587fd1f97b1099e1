import { useEffect } from 'preact/hooks';
import { t } from '../texts/en.js';

/** Sets the title of the browser's tab, from the most special part to the product. */
export function useTitle(...parts: readonly string[]): void {
  const title = [...parts, t.app].join(' · ');
  useEffect(() => {
    document.title = title;
  }, [title]);
}
