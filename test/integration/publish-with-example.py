"""As publish-with-example.mjs, for examples/python: `python3 publish-with-example.py DIRECTORY GUILD_ID`."""

import os
import sys

directory, guild_id = sys.argv[1:]
sys.dont_write_bytecode = True
sys.path.insert(0, directory)

from publisher import Publisher  # noqa: E402

publisher = Publisher(os.environ["RABBITMQ_URL"])
count = 0
for line in iter(sys.stdin.readline, ""):
    for _ in range(int(line)):
        # The id as an integer: it stays exact.
        publisher.publish("command.used", {"guild_id": int(guild_id), "command": f"c{count}"})
        count += 1
    print(f"published {count}", flush=True)
publisher.close(30)
sys.exit(1 if publisher.dropped else 0)
