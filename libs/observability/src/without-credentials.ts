/** Removes user and password from all URLs in a text. */
export function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^\s/?#]*@/g, '://***@');
}
