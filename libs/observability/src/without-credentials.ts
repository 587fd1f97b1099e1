/** Removes user and password from all URLs in a text, and the values of password parameters and bearer tokens. */
export function withoutCredentials(text: string): string {
  return text
    .replace(/:\/\/[^\s/?#]*@/g, '://***@')
    .replace(/\b(password|sslpassword)=[^\s&]+/gi, '$1=***')
    .replace(/\b(Bearer|Bot|Basic) +[\w.~+/-]{16,}=*/g, '$1 ***');
}
