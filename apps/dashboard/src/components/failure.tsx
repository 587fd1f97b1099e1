import type { ApiError } from '../api/client.js';
import { t } from '../texts/en.js';

/** An error, in the place of the data that could not be read. */
export function Failure({ error, retry }: { error: ApiError; retry: () => void }) {
  return (
    <div class="failure" role="alert">
      <strong>{t.error.title}</strong>
      <p>{error.message}</p>
      {error.requestId !== null && <p class="quiet">{t.error.request(error.requestId)}</p>}
      <button type="button" class="button" onClick={retry}>
        {t.error.retry}
      </button>
    </div>
  );
}
