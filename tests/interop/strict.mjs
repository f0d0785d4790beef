// A server that shows a channel only to whoever signs the request with a key of its own actor, as Mastodon's secure mode does.

import { createServer } from "node:http";
import { createVerify, generateKeyPairSync } from "node:crypto";

const ACTIVITY = "application/activity+json";
const CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"];

// Serves a channel of its own to `client` (a host) alone. `refused` says why others, or unsigned requests, were turned away.
export async function openStrictOrigin(client) {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048, publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
  const origin = { name: `Shown to ${client} only`, signed: 0, refused: [] };
  let documents = {};
  const server = createServer((request, response) => {
    const answer = (status, body) => response.writeHead(status, { "content-type": ACTIVITY, connection: "close" }).end(JSON.stringify(body));
    const document = documents[request.url];
    if (!document) return answer(404, { error: "not found" });
    return ensureSignedBy(client, request).then(
      () => {
        origin.signed += 1;
        answer(200, document);
      },
      (error) => {
        origin.refused.push(error.message);
        answer(401, { error: error.message });
      },
    );
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${server.address().port}`;
  documents = documentsAt(url, origin.name, publicKey);
  origin.channel = `${url}/video-channels/strict_channel`;
  origin.close = () => server.close();
  const unsigned = await fetch(origin.channel, { headers: { accept: ACTIVITY } });
  if (unsigned.status !== 401) throw new Error(`the strict server is not strict: ${unsigned.status}`);
  return origin;
}

// A channel and the account that it belongs to, with collections that are empty.
function documentsAt(url, name, publicKeyPem) {
  const documents = {};
  const actor = (type, path, preferredUsername, rest) => {
    const id = `${url}${path}`;
    const collection = (which) => {
      documents[`${path}/${which}`] = { "@context": CONTEXT, id: `${id}/${which}`, type: "OrderedCollection", totalItems: 0, orderedItems: [] };
      return `${id}/${which}`;
    };
    documents[path] = {
      "@context": CONTEXT, id, type, preferredUsername, name, url: id, published: "2024-01-01T00:00:00.000Z",
      inbox: `${id}/inbox`, outbox: collection("outbox"), followers: collection("followers"), following: collection("following"),
      endpoints: { sharedInbox: `${url}/inbox` }, publicKey: { id: `${id}#main-key`, owner: id, publicKeyPem }, ...rest,
    };
  };
  const owner = "/accounts/strict_account";
  actor("Person", owner, "strict_account", {});
  actor("Group", "/video-channels/strict_channel", "strict_channel", { attributedTo: [{ type: "Person", id: `${url}${owner}` }] });
  return documents;
}

// Verifies an HTTP signature of the draft (cavage) with the key that its owner shows.
async function ensureSignedBy(host, request) {
  const parameters = Object.fromEntries([...(request.headers.signature ?? "").matchAll(/(\w+)="([^"]*)"/gu)].map(([, key, value]) => [key, value]));
  if (!parameters.signature) throw new Error(`${request.url} came without a signature`);
  const covered = parameters.headers.split(" ");
  for (const needed of ["(request-target)", "host", "date"]) if (!covered.includes(needed)) throw new Error(`${needed} is not signed`);
  const age = Math.abs(Date.now() - Date.parse(request.headers.date));
  if (!(age < 300_000)) throw new Error(`it was signed at ${request.headers.date}`);
  const keyId = new URL(parameters.keyId);
  if (keyId.host !== host) throw new Error(`${keyId} is a key of somebody else`);
  const owner = await (await fetch(keyId, { headers: { accept: ACTIVITY } })).json();
  const value = (name) => (name === "(request-target)" ? `${request.method.toLowerCase()} ${request.url}` : request.headers[name]);
  const text = covered.map((name) => `${name}: ${value(name)}`).join("\n");
  const pem = owner.publicKey?.publicKeyPem;
  if (!pem || !createVerify("sha256").update(text).verify(pem, parameters.signature, "base64")) throw new Error("the signature does not fit");
}
