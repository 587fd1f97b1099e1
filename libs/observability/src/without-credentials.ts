/** A text for logs and answers, without the user and password of any URL in it. */
export function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^\s/?#]*@/g, '://***@');
}
