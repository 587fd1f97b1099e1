import { PermissionFlagsBits } from 'discord-api-types/v10';
import type { GuildOfUser } from './discord-login.js';

const MANAGING = PermissionFlagsBits.Administrator | PermissionFlagsBits.ManageGuild;

/** Whether the user owns the guild, or has Administrator or Manage Server in it. */
export function managesGuild({ isOwner, permissions }: GuildOfUser): boolean {
  return isOwner || (permissions & MANAGING) !== 0n;
}
