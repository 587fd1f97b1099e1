/**
 * A URL (or several, or a text that was meant to be one) as it may be shown and logged: without user and password.
 * Rather too much is hidden than too little, as a malformed URL may have its password anywhere.
 */
export function maskUrl(text: string): string {
  return text
    .replace(
      /^(.*:\/\/)?.*@/s,
      (_, scheme: string | undefined) => `${/^[a-z]+:\/\//i.exec(scheme ?? '')?.[0] ?? ''}***@`,
    )
    .replace(/(\/\/[^/:?@]*:)(?![0-9]+(?:[/?,]|$)).*$/s, '$1***')
    .replace(/((?:password|secret|key)=)[^&]*/gi, '$1***');
}
