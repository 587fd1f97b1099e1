import { complaintsAbout, type Complaint } from './request-schemas.js';
import type { Route } from './routes.js';

export interface UploadedFile {
  /** The name of the part, such as `files[0]`. */
  key: string;
  name: string;
  contentType: string;
  data: Uint8Array;
}

export interface RequestBody {
  json?: Record<string, unknown>;
  files: UploadedFile[];
  complaints: Complaint[];
}

type Schema = NonNullable<Route['body']>;

const MOST_FILES = 10;

/** Reads a body according to its route. Does not throw: mistakes are returned as complaints. */
export async function readBody(
  route: Route,
  contentType: string | undefined,
  raw: Buffer<ArrayBuffer>,
): Promise<RequestBody> {
  if (!route.body) {
    const wrong =
      raw.length > 0 ? 'has a body' : contentType === undefined ? undefined : 'has a media type but no body';
    return { files: [], complaints: wrong ? [formComplaint(`${route.name} ${wrong}`)] : [] };
  }
  if (contentType === 'application/json') return withSchema(route.body, readJson(raw.toString()), []);
  if (route.takesFiles && contentType?.startsWith('multipart/form-data;')) {
    return readForm(route.body, contentType, raw);
  }
  return { files: [], complaints: [formComplaint(`media type ${contentType ?? 'none'} is not taken`)] };
}

async function readForm(schema: Schema, contentType: string, raw: Buffer<ArrayBuffer>): Promise<RequestBody> {
  const form = await new Response(raw, { headers: { 'content-type': contentType } }).formData().catch(() => undefined);
  if (!form) return { files: [], complaints: [formComplaint('the form cannot be read')] };
  const files: UploadedFile[] = [];
  const complaints: Complaint[] = [];
  for (const [key, part] of form) {
    if (key === 'payload_json') continue;
    if (typeof part === 'string' || !/^files\[[0-9]\]$/.test(key))
      complaints.push(formComplaint(`part ${key} is no file`));
    else files.push({ key, name: part.name, contentType: part.type, data: new Uint8Array(await part.arrayBuffer()) });
  }
  if (files.length > MOST_FILES) complaints.push(formComplaint('more than 10 files'));
  const payload = form.get('payload_json');
  const body = withSchema(schema, typeof payload === 'string' ? readJson(payload) : undefined, files);
  return { ...body, complaints: [...complaints, ...body.complaints, ...attachmentComplaints(body)] };
}

function withSchema(schema: Schema, json: unknown, files: UploadedFile[]): RequestBody {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { files, complaints: [formComplaint('the body is no JSON object')] };
  }
  return { json: json as Record<string, unknown>, files, complaints: complaintsAbout(schema, json) };
}

/** Checks that every new attachment in the JSON has its file. */
function attachmentComplaints({ json, files }: RequestBody): Complaint[] {
  const described = (json?.['attachments'] ?? []) as { id?: unknown }[];
  return described
    .map(({ id }, index) => ({ id, index }))
    .filter(({ id }) => typeof id === 'string' && id.length < 3 && !files.some(({ key }) => key === `files[${id}]`))
    .map(({ id, index }) => ({
      path: ['attachments', String(index), 'id'],
      code: 'ATTACHMENT_NOT_FOUND',
      message: `there is no file files[${String(id)}]`,
    }));
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function formComplaint(message: string): Complaint {
  return { path: [], code: 'FORM', message };
}
