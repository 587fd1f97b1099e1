// Publishes a message with headers so deeply nested that amqplib needs a larger stack. Arguments: URL, depth.
import { connect } from 'amqplib';

const [url, depth] = process.argv.slice(2);
let headers = {};
for (let level = 0; level < Number(depth); level++) headers = { a: headers };
const connection = await connect(url);
const channel = await connection.createConfirmChannel();
channel.publish('serverstats.events', 'command.used', Buffer.from('{"guild_id":1,"command":"deep"}'), { headers });
await channel.waitForConfirms();
await connection.close();
