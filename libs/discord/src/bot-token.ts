/** The bot's token, and whether Discord still accepts it. */
export class BotToken {
  private refused = false;

  constructor(readonly value: string) {}

  /** True once Discord has answered 401. It stays so: asking again with a wrong token ends in a ban of the address. */
  get isRefused(): boolean {
    return this.refused;
  }

  refuse(): void {
    this.refused = true;
  }
}

/** No request was made, as Discord has refused the token before. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
}
