/** How people log in to the dashboard. An abstract class, so that Nest can inject it by its type. */
export abstract class LoginConfig {
  /** The URL of the service for browsers, without a slash at the end. Undefined if it is not configured. */
  abstract readonly publicUrl?: string;
  /** Seals the logins with Discord. Undefined if that login is off. */
  abstract readonly clientSecret?: string;
}

/** Whether browsers reach the service over HTTPS only, so that cookies need it too. */
export function usesHttps({ publicUrl }: LoginConfig): boolean {
  return publicUrl?.startsWith('https:') ?? false;
}
