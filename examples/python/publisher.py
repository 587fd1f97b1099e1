"""Publishes events to Serverstats."""

import json
import logging
import queue
import random
import threading
import uuid
from datetime import datetime, timezone

import pika
from pika.exceptions import AMQPError

EXCHANGE = "serverstats.events"
# Events beyond this are dropped. At 10 events a second it is enough for a quarter of an hour without a broker.
OUTBOX_SIZE = 10_000
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30
# After two heartbeats without a sign of life, the connection counts as lost.
HEARTBEAT_S = 15
# How long RabbitMQ may refuse to read because it is low on memory or disk.
BLOCKED_TIMEOUT_S = 60
# An idle connection handles its heartbeats this often.
IDLE_S = 1

log = logging.getLogger("serverstats")


class Publisher:
    """Publishes events in a thread of its own.

    An event stays in the outbox until RabbitMQ has confirmed it. After a failure it is published again, unchanged, so
    it is stored once.
    """

    def __init__(self, url: str) -> None:
        self._parameters = pika.URLParameters(url)
        self._parameters.heartbeat = HEARTBEAT_S
        self._parameters.blocked_connection_timeout = BLOCKED_TIMEOUT_S
        self._outbox: queue.Queue = queue.Queue(OUTBOX_SIZE)
        self._unconfirmed = None
        self._closing = threading.Event()
        self._giving_up = threading.Event()
        self.dropped = 0
        """How many events were dropped because the outbox was full."""
        self._thread = threading.Thread(target=self._run, name="serverstats-publisher", daemon=True)
        self._thread.start()

    def publish(self, kind: str, event: dict, event_id: "str | None" = None, occurred_at: "datetime | None" = None) -> bool:
        """Publishes an event. Never waits and never raises.

        kind: such as "command.used".
        event: the fields of the kind. Ids may be integers.
        event_id: identifies the event. Published again with the same id and time, it is stored once.
        occurred_at: a time with a time zone.
        Returns False if the outbox is full and the event was dropped.
        """
        occurred_at = occurred_at or datetime.now(timezone.utc)
        body = json.dumps({**event, "occurred_at": occurred_at.isoformat(timespec="milliseconds")}).encode()
        try:
            self._outbox.put_nowait((kind, body, event_id or str(uuid.uuid4())))
        except queue.Full:
            self.dropped += 1
            return False
        return True

    def close(self, within_s: float = 5) -> None:
        """Waits until all events are confirmed, but not longer than this, and closes the connection."""
        self._closing.set()
        self._thread.join(within_s)
        self._giving_up.set()

    def _run(self) -> None:
        failures = 0
        while not self._is_done():
            try:
                for _ in self._publish_on_one_connection():
                    failures = 0
            except (AMQPError, OSError) as error:
                log.warning("RabbitMQ: %r", error)
                failures += 1
                longest = min(FIRST_PAUSE_S * 2 ** (failures - 1), LONGEST_PAUSE_S)
                # The random part keeps many bots from coming back at the same moment.
                self._giving_up.wait(longest * random.uniform(0.5, 1))

    def _publish_on_one_connection(self):
        """Yields after each confirmed event. Ends when the publisher is closed."""
        connection = pika.BlockingConnection(self._parameters)
        try:
            channel = connection.channel()
            channel.confirm_delivery()
            while not self._is_done():
                if self._unconfirmed is None:
                    self._unconfirmed = self._next()
                if self._unconfirmed is None:
                    connection.process_data_events(0)
                    continue
                kind, body, message_id = self._unconfirmed
                properties = pika.BasicProperties(
                    message_id=message_id, content_type="application/json", delivery_mode=2
                )
                # Returns when RabbitMQ has confirmed it, and raises if it rejects it.
                channel.basic_publish(EXCHANGE, kind, body, properties)
                self._unconfirmed = None
                yield
        finally:
            if connection.is_open:
                connection.close()

    def _next(self):
        try:
            return self._outbox.get(timeout=0.02 if self._closing.is_set() else IDLE_S)
        except queue.Empty:
            return None

    def _is_done(self) -> bool:
        is_empty = self._unconfirmed is None and self._outbox.empty()
        return self._giving_up.is_set() or (self._closing.is_set() and is_empty)
