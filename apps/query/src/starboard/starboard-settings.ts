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

/** How many stars a message may be asked to have. */
const MAX_STARBOARD_COUNT = 1_000_000;

/** Discord's numbers of channel types: a category, a directory, and those with posts alone. */
const WITHOUT_MESSAGES = [4, 14, 15, 16];

@Injectable()
export class StarboardSettings implements SettingsPart {
  constructor(@Optional() private readonly discord?: DiscordClient) {}

  rules(values: Readonly<Record<string, unknown>>): FieldError[] {
    if (values.starboard_enabled !== true) return [];
    const needed = ['starboard_channel', 'starboard_count'].filter((field) => values[field] === null);
    return needed.map((field) => ({ field, message: 'is needed while starboard_enabled is true' }));
  }

  forgetChannel({ settings }: Stored, channelId: string): void {
    leaveStarboardChannel(settings, channelId);
  }

  namedChannels(before: Stored, { settings: { starboardChannel: channelId } }: Stored): NamedChannel[] {
    if (channelId === null || channelId === before.settings.starboardChannel) return [];
    return [{ field: 'starboard_channel', channelId, mistake: ifWithoutMessages }];
  }

  async store(manager: EntityManager, { settings: before }: Stored, { settings: after }: Stored): Promise<void> {
    const { guildId, starboardChannel: former } = before;
    // What new posts lacked in a former starboard channel is no problem any more; what entries there lack is met again.
    if (former !== null && former !== after.starboardChannel) await clearStarboardProblem(manager, guildId, former);
    await catchUpWithStarboard(manager, before, after);
  }

  async answer(manager: EntityManager, { settings }: Stored): Promise<Record<string, unknown>> {
    this.discord?.keepHealthCurrent();
    const readProblems = () => findStarboardProblems(manager, settings.guildId);
    return { starboard_status: await starboardStatus(settings, readProblems, this.discord) };
  }
}

function ifWithoutMessages({ type }: DiscordChannel): string | undefined {
  return WITHOUT_MESSAGES.includes(type) ? 'is no channel that messages can be sent to' : undefined;
}

export const STARBOARD_SETTINGS: SettingsFeature = {
  fields: {
    starboard_enabled: onOffField('starboardEnabled', 'Whether starred messages are highlighted'),
    starboard_channel: channelColumnField('starboardChannel', 'The channel in which starred messages are highlighted'),
    starboard_count: columnField('starboardCount', {
      format: wholeNumber(1, MAX_STARBOARD_COUNT),
      required: true,
      nullable: true,
      description: 'The stars that a message needs; may be null while the starboard is off',
    }),
  },
  answers: {
    starboard_status: ApiProperty({
      type: [StarboardStatus],
      description: 'What keeps the starboard from working; empty when nothing is wrong',
    }),
  },
  part: StarboardSettings,
};
