import { useState } from 'preact/hooks';
import { t } from '../texts/en.js';

/** public/theme.js reads it too. */
const STORAGE_KEY = 'serverstats.theme';
const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

export function ThemeSwitch() {
  const { dataset } = document.documentElement;
  const [chosen, setChosen] = useState<string>(dataset.theme ?? 'system');
  const choose = (theme: Theme) => {
    setChosen(theme);
    if (theme === 'system') delete dataset.theme;
    else dataset.theme = theme;
    try {
      localStorage.setItem(STORAGE_KEY, theme);
    } catch {
      // Without storage, the choice lasts until the page is closed.
    }
  };
  return (
    <div class="theme toggle" role="group" aria-label={t.theme.label}>
      {THEMES.map((theme) => (
        <button key={theme} type="button" aria-pressed={theme === chosen} onClick={() => choose(theme)}>
          {t.theme[theme]}
        </button>
      ))}
    </div>
  );
}
