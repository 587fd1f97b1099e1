import type { EntityManager } from 'typeorm';

/** What runs statements with parameters, in one transaction: an entity manager, or a direct connection. */
export type Queries = Pick<EntityManager, 'query'>;
