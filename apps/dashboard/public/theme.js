// Sets the chosen theme before the first paint. It is a file, because the policy of the page forbids inline scripts.
try {
  const chosen = localStorage.getItem('serverstats.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch {
  // Without storage, the theme of the system is used.
}
