import { unknownUser } from './refusal.js';
import type { Handlers } from './route-handlers.js';

export const userRoutes = {
  'GET /users/@me': ({ state, answers }) => ({ body: answers.self(state.bot) }),
  'GET /users/{user_id}': ({ state, answers }, { params }) => {
    const user = state.users.get(params['user_id']!);
    if (!user) throw unknownUser();
    return { body: answers.user(user) };
  },
} satisfies Handlers;
