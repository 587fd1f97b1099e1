import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import {
  ConstantProperty,
  SnowflakeProperty,
  TimestampProperty,
  WordProperty,
} from '../../answers/answer-properties.js';
import type { Principal } from '../../access/principal.js';

const PRINCIPALS = ['service', 'guild', 'member'] as const satisfies readonly Principal['kind'][];

@ApiSchema({ name: 'BegunSession' })
export class BegunSessionAnswer {
  @WordProperty(PRINCIPALS)
  principal: Principal['kind'];

  @ApiProperty({ description: 'Requests of the session that change something need it in the header X-CSRF-Token' })
  csrf_token: string;

  @TimestampProperty({ description: 'When the session ends' })
  expires_at: string;
}

@ApiSchema({ name: 'EndedSession' })
export class EndedSessionAnswer {
  @ConstantProperty(true)
  logged_out: true;
}

@ApiSchema({ name: 'CallerUser' })
export class CallerUserAnswer {
  @SnowflakeProperty()
  id: string;

  @ApiProperty()
  name: string;

  @ApiProperty({ type: String, nullable: true, description: "The avatar's hash in Discord's CDN" })
  avatar: string | null;
}

@ApiSchema({ name: 'CallerGuild' })
export class CallerGuildAnswer {
  @SnowflakeProperty()
  id: string;

  @ApiProperty({ type: String, nullable: true, description: 'Null if Discord did not tell it' })
  name: string | null;

  @ApiProperty({ type: String, nullable: true, description: "The icon's hash in Discord's CDN" })
  icon: string | null;

  @ApiProperty({ description: 'Whether the module is enabled' })
  enabled: boolean;
}

@ApiSchema({ name: 'Caller' })
export class CallerAnswer {
  @WordProperty(PRINCIPALS)
  principal: Principal['kind'];

  @ApiProperty({ type: CallerUserAnswer, nullable: true, description: 'Null for keys' })
  user: CallerUserAnswer | null;

  @ApiProperty({
    type: [CallerGuildAnswer],
    description:
      'For an API key its guild, for a member the guilds they manage, for the service key the first 1,000 guilds with ' +
      'settings',
  })
  guilds: CallerGuildAnswer[];

  @ApiProperty({ type: String, nullable: true, description: 'The CSRF token of the session. Null for a key' })
  csrf_token: string | null;
}
