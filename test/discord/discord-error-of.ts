import { DiscordError } from '#libs/discord';

/** The DiscordError of a failed call. @throws Error if the call succeeds or fails with another error */
export async function discordErrorOf(call: Promise<unknown>): Promise<DiscordError> {
  const outcome = await call.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome)) throw new Error(`the call succeeded: ${JSON.stringify(outcome.answer)}`);
  if (outcome.error instanceof DiscordError) return outcome.error;
  throw outcome.error;
}
