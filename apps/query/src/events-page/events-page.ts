import type { JsonSchema } from '#libs/contracts';
import type { AsyncApiDocument } from '../asyncapi/asyncapi-document.js';
import type { Channel } from '../asyncapi/channels.js';
import { documentText } from '../asyncapi/document-text.js';
import type { Message } from '../asyncapi/messages.js';
import type { Operation } from '../asyncapi/operations.js';
import type { Reference } from '../asyncapi/reference.js';
import { html, inline, markdown, type Html } from './html.js';
import { PAGE_STYLE } from './page-style.js';
import { schemaTable } from './schema-table.js';

/**
 * The AsyncAPI document as a page. It needs no script: the components that show such documents bring a parser that
 * compiles functions from text, which the content security policy of the service forbids.
 */
export function eventsPage(document: AsyncApiDocument): string {
  return new EventsPage(document).render().text;
}

interface TitledOperation extends Operation {
  id: string;
}

class EventsPage {
  private readonly operations: readonly TitledOperation[];

  constructor(private readonly document: AsyncApiDocument) {
    this.operations = Object.entries(document.operations).map(([id, operation]) => ({ id, ...operation }));
  }

  render(): Html {
    const { info, components } = this.document;
    const sent = this.operations.filter(({ action }) => action === 'send');
    const received = this.operations.filter(({ action }) => action === 'receive');
    return html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>${info.title}</title>
          <style>
            ${PAGE_STYLE}
          </style>
        </head>
        <body>
          <h1>${info.title} ${info.version}</h1>
          <p>
            The same for tools: <a href="../asyncapi.json">asyncapi.json</a> (AsyncAPI ${this.document.asyncapi}).
            Routes of the REST API: <a href="../docs">docs</a>.
          </p>
          ${markdown(info.description)}
          <nav>
            <h2>Contents</h2>
            <ul>
              ${this.operations.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
            </ul>
          </nav>
          <h2>Properties of a message</h2>
          ${schemaSection(components.schemas.MessageProperties!)}
          <h2>Events</h2>
          ${sent.map((operation) => this.sending(operation))}
          <h2>Queues</h2>
          ${received.map((operation) => this.receiving(operation))}
        </body>
      </html> `;
  }

  /** Of an event: what it says, its fields and its examples. */
  private sending({ id, title, summary, channel, messages }: TitledOperation): Html {
    const message = this.message(messages[0]!);
    return html` <section id="${id}">
      <h3><a href="#${id}">${title}</a></h3>
      <p>${summary}. ${inline(this.channel(channel).description)}</p>
      <p>${inline(message.description)}</p>
      ${schemaTable(this.find(message.payload as Reference) as JsonSchema)} ${message.examples.map(example)}
    </section>`;
  }

  /** Of a queue: its arguments, and what is special about its messages. */
  private receiving({ id, title, summary, description, channel, messages }: TitledOperation): Html {
    const { bindings, description: ofChannel } = this.channel(channel);
    // What an event looks like is said where it is sent.
    const message = this.message(messages.at(-1)!);
    const headers = this.find(message.headers) as JsonSchema;
    return html` <section id="${id}">
      <h3><a href="#${id}">${title}</a></h3>
      <p>${summary}. ${description}</p>
      <p>${inline(ofChannel)}</p>
      ${json(bindings.amqp)}
      <p>${message.title}: ${inline(message.summary)}. ${inline(message.description)}</p>
      ${headers === this.document.components.schemas.MessageProperties ? undefined : schemaSection(headers)}
      ${message.examples.map(example)}
    </section>`;
  }

  private channel(reference: Reference): Channel {
    return this.find(reference) as Channel;
  }

  /** @param reference to a message of a channel, which refers to a component */
  private message(reference: Reference): Message {
    return this.find(this.find(reference) as Reference) as Message;
  }

  private find({ $ref }: Reference): unknown {
    const keys = $ref
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    return keys.reduce<unknown>((node, key) => (node as Readonly<Record<string, unknown>>)[key], this.document);
  }
}

function schemaSection(schema: JsonSchema): Html {
  return html`<p>${inline(schema.description as string)}</p>
    ${schemaTable(schema)}`;
}

function example({ summary, headers, payload }: Message['examples'][number]): Html {
  const isDeadLetter = !('message_id' in headers);
  return html`<p>Example: ${summary}</p>
    ${json(isDeadLetter ? { headers, body: payload } : payload)}`;
}

function json(value: unknown): Html {
  return html`<pre>${documentText(value as object, 2)}</pre>`;
}
