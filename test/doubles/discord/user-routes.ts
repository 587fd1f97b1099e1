import { botPermissions, isMember } from './bot-permissions.js';
import type { StoredGuild } from './discord-state.js';
import { unknownUser } from './refusal.js';
import type { Handlers } from './route-handlers.js';

export const userRoutes = {
  'GET /users/@me': ({ state, answers }) => ({ body: answers.self(state.bot) }),
  'GET /users/@me/guilds': ({ state, answers }, { query }) => {
    const after = BigInt(query.get('after') ?? '0');
    const guilds = [...state.guilds.values()]
      .filter(({ id }) => isMember(state, id) && BigInt(id) > after)
      .sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
    const owned = (guild: StoredGuild) => guild.ownerId === state.bot.id;
    return {
      body: guilds
        .slice(0, Number(query.get('limit') ?? '200'))
        .map((guild) => answers.partialGuild(guild, owned(guild), botPermissions(state, guild.id))),
    };
  },
  'GET /users/{user_id}': ({ state, answers }, { params }) => {
    const user = state.users.get(params['user_id']!);
    if (!user) throw unknownUser();
    return { body: answers.user(user) };
  },
} satisfies Handlers;
