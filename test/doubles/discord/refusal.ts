/** The errors of the fields of a request, nested like its fields, with lists of `{code, message}` in `_errors`. */
export interface FieldErrors {
  [field: string]: FieldErrors | { code: string; message: string }[];
}

/** An error response of Discord. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
    readonly errors?: FieldErrors,
    /** Mistakes in the request that a correct client does not make. */
    readonly violations: readonly string[] = [],
  ) {
    super(message);
  }

  get body(): unknown {
    return { message: this.message, code: this.code, ...(this.errors && { errors: this.errors }) };
  }
}

export const unauthorized = () => new Refusal(401, 0, '401: Unauthorized');
export const unknownChannel = () => new Refusal(404, 10003, 'Unknown Channel');
export const unknownGuild = () => new Refusal(404, 10004, 'Unknown Guild');
export const unknownMember = () => new Refusal(404, 10007, 'Unknown Member');
export const unknownMessage = () => new Refusal(404, 10008, 'Unknown Message');
export const unknownUser = () => new Refusal(404, 10013, 'Unknown User');
export const tooManyChannels = () => new Refusal(400, 30013, 'Maximum number of guild channels reached (500)');
export const tooLarge = () => new Refusal(413, 40005, 'Request entity too large');
export const missingAccess = () => new Refusal(403, 50001, 'Missing Access');
export const notTheAuthor = () => new Refusal(403, 50005, 'Cannot edit a message authored by another user');
export const emptyMessage = () => new Refusal(400, 50006, 'Cannot send an empty message');
export const wrongChannelType = () => new Refusal(400, 50024, 'Cannot execute action on this channel type');
export const threadArchived = () => new Refusal(400, 50083, 'Thread is archived');
export const missingPermissions = () => new Refusal(403, 50013, 'Missing Permissions');

/** An error that depends on the state. A correct client can get it, so it is not a violation. */
export function invalidField(path: readonly string[], code: string, message: string): Refusal {
  return new Refusal(400, 50035, 'Invalid Form Body', nested(path, [{ code, message }]));
}

/** An error for a request that does not have the documented form. */
export function invalidForm(
  complaints: readonly { path: readonly string[]; code: string; message: string }[],
): Refusal {
  const errors: FieldErrors = {};
  for (const { path, code, message } of complaints) {
    let level = errors;
    for (const key of path) level = (level[key] ??= {}) as FieldErrors;
    level['_errors'] = [
      ...((level['_errors'] as { code: string; message: string }[] | undefined) ?? []),
      { code, message },
    ];
  }
  const violations = complaints.map(({ path, message }) => `${path.join('.') || 'request'}: ${message}`);
  return new Refusal(400, 50035, 'Invalid Form Body', errors, violations);
}

function nested(path: readonly string[], errors: { code: string; message: string }[]): FieldErrors {
  return path.reduceRight<FieldErrors>((inner, key) => ({ [key]: inner }), { _errors: errors });
}
