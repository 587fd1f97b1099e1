"""A small bot that publishes messages, commands, stars and counts of members to Serverstats."""

import asyncio
import os

import discord
from discord.ext import tasks

from publisher import Publisher

intents = discord.Intents(guilds=True, guild_messages=True, guild_reactions=True)
client = discord.Client(intents=intents)
publisher = Publisher(os.environ["RABBITMQ_URL"])


@client.event
async def on_message(message: discord.Message) -> None:
    if message.guild is None:
        return
    # A message is identified by its own id.
    publisher.publish(
        "message.sent",
        {
            "guild_id": message.guild.id,
            "channel_id": message.channel.id,
            "message_id": message.id,
            "user_id": message.author.id,
            "member_is_bot": message.author.bot,
        },
    )


@client.event
async def on_interaction(interaction: discord.Interaction) -> None:
    if interaction.type is not discord.InteractionType.application_command or interaction.guild_id is None:
        return
    event = {
        "guild_id": interaction.guild_id,
        "command": interaction.data["name"],
        "user_id": interaction.user.id,
    }
    # Derived from the interaction, so that it is stored once even if two processes of the bot publish it.
    publisher.publish("command.used", event, f"command-{interaction.id}", interaction.created_at)


def publish_star(kind: str, payload: discord.RawReactionActionEvent) -> None:
    if payload.emoji.name != "⭐" or payload.guild_id is None:
        return
    event = {"guild_id": payload.guild_id, "channel_id": payload.channel_id, "message_id": payload.message_id}
    publisher.publish(kind, event)


@client.event
async def on_raw_reaction_add(payload: discord.RawReactionActionEvent) -> None:
    publish_star("star.added", payload)


@client.event
async def on_raw_reaction_remove(payload: discord.RawReactionActionEvent) -> None:
    publish_star("star.removed", payload)


@client.event
async def on_guild_channel_delete(channel: discord.abc.GuildChannel) -> None:
    publisher.publish("channel.deleted", {"guild_id": channel.guild.id, "channel_id": channel.id})


# discord.py reports an outage of a guild with another event, on_guild_unavailable. It must not be published.
@client.event
async def on_guild_remove(guild: discord.Guild) -> None:
    publisher.publish("guild.deleted", {"guild_id": guild.id})


@tasks.loop(minutes=15)
async def publish_snapshots() -> None:
    for guild in client.guilds:
        try:
            counted = await client.fetch_guild(guild.id, with_counts=True)
        except discord.HTTPException as error:
            print(f"No snapshot of the guild {guild.id}: {error}")
            continue
        publisher.publish(
            "guild.snapshot",
            {
                "guild_id": guild.id,
                "member_count": counted.approximate_member_count,
                "online_member_count": counted.approximate_presence_count,
                "server_boost_count": counted.premium_subscription_count,
                "channel_count": len(guild.channels),
                "role_count": len(guild.roles),
                # With the intents members, presences and voice_states, also bot_count, idle_member_count,
                # dnd_member_count, offline_member_count, voice_member_count and role_member_counts.
            },
        )


@client.event
async def on_ready() -> None:
    if not publish_snapshots.is_running():
        publish_snapshots.start()


async def main() -> None:
    try:
        async with client:
            await client.start(os.environ["DISCORD_TOKEN"])
    finally:
        await asyncio.to_thread(publisher.close)


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
