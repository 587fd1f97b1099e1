import { Injectable, Optional } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import type { EntityManager } from 'typeorm';
import type { FieldError } from '#libs/contracts';
import { DiscordClient, type DiscordChannel } from '#libs/discord';
import {
  catchUpWithStarboard,
  clearStarboardProblem,
  findStarboardProblems,
  leaveStarboardChannel,
} from '#libs/starboard';
import { wholeNumber } from '../requests/formats.js';
import { channelColumnField, columnField, onOffField } from '../settings/settings-fields.js';
import type { NamedChannel, SettingsFeature, SettingsPart, Stored } from '../settings/settings-part.js';
import { StarboardStatus } from './dto/starboard-status.dto.js';
import { starboardStatus } from './starboard-status.js';

const MAX_STARBOARD_COUNT = 1_000_000;

/** Discord's channel types: category, directory, forum and media. */
const WITHOUT_MESSAGES = [4, 14, 15, 16];

@Injectable()
export class StarboardSettings implements SettingsPart {
  constructor(@Optional() private readonly discord?: DiscordClient) {}

  rules(values: Readonly<Record<string, unknown>>): FieldError[] {
    if (values.starboard_enabled !== true) return [];
    const needed = ['starboard_channel', 'starboard_count'].filter((field) => values[field] === null);
    return needed.map((field) => ({ field, message: 'is required while starboard_enabled is true' }));
  }

  forgetChannel({ settings }: Stored, channelId: string): void {
    leaveStarboardChannel(settings, channelId);
  }

  namedChannels(before: Stored, { settings: { starboardChannel: channelId } }: Stored): NamedChannel[] {
    if (channelId === null || channelId === before.settings.starboardChannel) return [];
    return [{ field: 'starboard_channel', channelId, mistake: starboardChannelProblem }];
  }

  async store(manager: EntityManager, { settings: before }: Stored, { settings: after }: Stored): Promise<void> {
    const { guildId, starboardChannel: former } = before;
    // New posts no longer go to the former starboard channel, so its problem is obsolete. If entries there still have a
    // problem, it will be recorded again.
    if (former !== null && former !== after.starboardChannel) await clearStarboardProblem(manager, guildId, former);
    await catchUpWithStarboard(manager, before, after);
  }

  async answer(manager: EntityManager, { settings }: Stored): Promise<Record<string, unknown>> {
    this.discord?.keepHealthCurrent();
    const readProblems = () => findStarboardProblems(manager, settings.guildId);
    return { starboard_status: await starboardStatus(settings, readProblems, this.discord) };
  }
}

function starboardChannelProblem({ type }: DiscordChannel): string | undefined {
  return WITHOUT_MESSAGES.includes(type) ? 'must be a channel that messages can be sent to' : undefined;
}

export const STARBOARD_SETTINGS: SettingsFeature = {
  fields: {
    starboard_enabled: onOffField('starboardEnabled', 'Whether starred messages are shown on the starboard'),
    starboard_channel: channelColumnField('starboardChannel', 'The channel of the starboard'),
    starboard_count: columnField('starboardCount', {
      format: wholeNumber(1, MAX_STARBOARD_COUNT),
      required: true,
      nullable: true,
      description: 'The number of stars that a message needs. Can be null while the starboard is off',
    }),
  },
  answers: {
    starboard_status: ApiProperty({
      type: [StarboardStatus],
      description: 'Problems of the starboard. Empty if there are none',
    }),
  },
  part: StarboardSettings,
};
