/**
 * Removes user and password from a URL, several URLs or an invalid URL, so that it can be displayed and logged. It may
 * remove too much, because a malformed URL can contain its password anywhere.
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
