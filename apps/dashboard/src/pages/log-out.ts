import { loginPath } from '../address/pages.js';
import { ApiError, post } from '../api/client.js';
import { queries } from '../api/queries.js';
import { forgetSession } from '../api/session.js';
import { navigate } from '../navigation/navigation.js';

/** Ends the session. @throws ApiError if the service did not end it */
export async function logOut(): Promise<void> {
  try {
    await post('/auth/logout', {});
  } catch (error) {
    // 401: it has ended already.
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
  }
  leave('/');
}

/** Opens the login, and forgets everything that was read with the session. */
export function leave(returnTo: string): void {
  forgetSession();
  queries.clear();
  navigate(loginPath(returnTo), { replace: true });
}
