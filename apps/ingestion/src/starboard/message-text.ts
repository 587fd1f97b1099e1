import { StickerFormatType } from 'discord-api-types/v10';
import type { DiscordAttachment, DiscordComponent, DiscordEmbed, DiscordPoll, MessageBody } from '#libs/discord';
import { hide, joinTexts } from './spoilers.js';

/**
 * The text of a body in Discord's markup: its content and components, polls, stickers and voice messages. Without
 * content and components, it also contains the first embed with a text, because bots and webhooks often write that way.
 */
export function textOf(body: MessageBody): string {
  const written = [body.content, ...body.components.map(textOfComponent)].filter(isText);
  const embedded = body.embeds.map(textOfEmbed).find(isText);
  const texts = [
    ...(written.length === 0 ? [embedded ?? ''] : written),
    body.poll ? textOfPoll(body.poll) : '',
    ...body.stickers.map(({ name }) => `Sticker: ${withoutMarkup(name)}`),
    ...body.attachments.map(textOfVoiceMessage),
  ];
  return joinTexts(texts.filter(isText));
}

/** The URL of a sticker's picture, which does not expire. Undefined for a vector animation. */
export function stickerUrl({ id, format }: MessageBody['stickers'][number]): string | undefined {
  switch (format) {
    case StickerFormatType.PNG:
    case StickerFormatType.APNG:
      return `https://cdn.discordapp.com/stickers/${id}.png`;
    case StickerFormatType.GIF:
      return `https://media.discordapp.net/stickers/${id}.gif`;
    default:
      return undefined;
  }
}

export function withoutMarkup(text: string): string {
  return text.replace(/[\\`*_~|>[\]()<]/g, '\\$&');
}

function textOfComponent(component: DiscordComponent): string {
  if (component.kind !== 'text') return '';
  return component.isSpoiler && isText(component.text) ? hide(component.text) : component.text;
}

function textOfEmbed({ authorName, title, description, fields, footerText }: DiscordEmbed): string {
  const ofFields = fields.flatMap(({ name, value }) => [name, value]);
  return joinTexts(
    [authorName, title, description, ...ofFields, footerText].filter((part) => part !== undefined).filter(isText),
  );
}

function textOfPoll({ question, answers }: DiscordPoll): string {
  return [`Poll: ${withoutMarkup(question)}`, ...answers.map((answer) => `• ${withoutMarkup(answer)}`)].join('\n');
}

function textOfVoiceMessage({ durationSeconds }: DiscordAttachment): string {
  return durationSeconds === undefined ? '' : `Voice message of ${Math.max(1, Math.round(durationSeconds))} s`;
}

function isText(text: string): boolean {
  return text.trim() !== '';
}
