import { IsAnyText } from '../../requests/field.decorators.js';
import { RefusesUnknownFields } from '../../requests/request-dto.js';

@RefusesUnknownFields()
export class BeginSessionRequest {
  @IsAnyText({ description: 'An API key, or the service key' })
  key: string;
}

@RefusesUnknownFields()
export class LoginRequest {
  @IsAnyText({ optional: true, description: 'The path of the dashboard to open after the login. Defaults to /' })
  return_to?: string;
}

/** What Discord adds to the address of the callback. It may add more. */
export class LoginCallbackRequest {
  @IsAnyText({ optional: true, description: 'The authorization code' })
  code?: string;

  @IsAnyText({ optional: true, description: 'The state of the login' })
  state?: string;

  @IsAnyText({ optional: true, description: 'Why Discord gives no code, such as access_denied' })
  error?: string;
}
