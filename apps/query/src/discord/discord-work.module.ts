import { Module } from '@nestjs/common';
import { DiscordWork } from './discord-work.service.js';

@Module({ providers: [DiscordWork], exports: [DiscordWork] })
export class DiscordWorkModule {}
