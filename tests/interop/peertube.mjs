#!/usr/bin/env node
// Do a PeerTube and a Shoal understand each other? Drives both through their REST interfaces, which are alike, so that each
// trial runs in both directions: somebody does something on one server, and the other is asked until it shows.
//
//   node tests/interop/peertube.mjs CLIP.mp4 http://127.0.0.1:9100 root PASSWORD http://127.0.0.1:9101 root PASSWORD
//
// Prints a table in Markdown, and fails if a trial did. docs/federation/interop.md says how to set the servers up.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import { redPicture } from "./picture.mjs";
import { PATIENCE_MS, Server, same, until } from "./server.mjs";
import { openStrictOrigin } from "./strict.mjs";

const [clipPath, ...rest] = process.argv.slice(2);
if (rest.length !== 6) {
  console.error("usage: peertube.mjs CLIP URL USER PASSWORD URL USER PASSWORD");
  process.exit(2);
}
const clip = await readFile(clipPath);

const video = (server, uuid) => server.get(`/api/v1/videos/${uuid}`);
const threads = async (server, uuid) => (await server.get(`/api/v1/videos/${uuid}/comment-threads`)).data;
const texts = async (server, uuid) => (await threads(server, uuid)).filter((one) => !one.isDeleted).map((one) => one.text);

// A search index beside an instance is an actor of its own, and follows by itself.
const isInstance = (actor, host) => actor.host === host && actor.name === "peertube";

// Each trial: what is sent, by whom (`from`), and what `to` must show. A trial that returns words says why there was nothing to try.
const trials = [
  ["Follow, Accept", async (from, to) => {
    await from.send("POST", "/api/v1/server/following", { hosts: [to.host] });
    const state = async (server, list, side, host) =>
      (await server.get(`/api/v1/server/${list}?count=50`)).data.find((one) => isInstance(one[side], host))?.state;
    await until(async () => (await state(from, "following", "following", to.host)) === "accepted");
    await until(async () => (await state(to, "followers", "follower", from.host)) === "accepted");
  }],
  ["Create and Announce of a video with every field", async (from, to, memory) => {
    memory.facts = {
      name: `Every field from ${from.host}`, category: 2, licence: 1, language: "fr", description: "A **long** word", nsfw: true,
      support: "Money", tags: ["reef", "fish"], originallyPublishedAt: "2020-02-03T04:05:06.000Z", commentsPolicy: 1, commentsEnabled: true,
      downloadEnabled: true,
    };
    memory.uuid = await from.upload(memory.facts);
    const { name, description, support, nsfw, originallyPublishedAt, downloadEnabled } = memory.facts;
    await until(async () => {
      const seen = await video(to, memory.uuid);
      const tags = [...seen.tags].sort();
      return same(
        { ...seen, tags, category: seen.category.id, licence: seen.licence.id, language: seen.language.id },
        { name, description, support, nsfw, originallyPublishedAt, downloadEnabled, tags: ["fish", "reef"], category: 2, licence: 1, language: "fr" },
      );
    });
  }],
  ["its facts and files are the same on both", async (from, to, memory) => {
    const facts = async (server) => {
      const seen = await video(server, memory.uuid);
      const { uuid, duration, publishedAt, isLive, nsfw, waitTranscoding, streamingPlaylists } = seen;
      const files = streamingPlaylists[0].files.map(({ resolution, size, fps, fileUrl }) => ({ resolution: resolution.id, size, fps, fileUrl }));
      return {
        uuid, duration, publishedAt, isLive, nsfw, waitTranscoding, files: files.sort((one, other) => one.resolution - other.resolution),
        privacy: seen.privacy.id, state: seen.state.id, commentsPolicy: seen.commentsPolicy.id, shape: seen.aspectRatio?.toFixed(2),
        trackers: [...seen.trackerUrls].sort(), channel: seen.channel.url, account: seen.account.url, stream: streamingPlaylists[0].playlistUrl,
      };
    };
    await until(async () => same(await facts(to), await facts(from)));
  }],
  ["the stream plays at the other side", async (from, to, memory) => {
    await until(async () => {
      const seen = await video(to, memory.uuid);
      const [playlist] = seen.streamingPlaylists;
      const status = async (url) => (await fetch(url, { headers: { range: "bytes=0-99" } })).status;
      const statuses = await Promise.all([playlist.playlistUrl, playlist.segmentsSha256Url, playlist.files[0].fileUrl].map(status));
      return statuses.every((one) => one === 200 || one === 206) || statuses;
    });
  }],
  ["Update of a video", async (from, to, memory) => {
    memory.facts.name = `Renamed at ${from.host}`;
    const form = new FormData();
    form.append("name", memory.facts.name);
    await from.send("PUT", `/api/v1/videos/${memory.uuid}`, form);
    await until(async () => same(await video(to, memory.uuid), { name: memory.facts.name }));
  }],
  ["a changed thumbnail", async (from, to, memory) => {
    let before;
    await until(async () => (before = await pictures(to, memory.uuid)).every(isShown) || before);
    const form = new FormData();
    for (const field of ["thumbnailfile", "previewfile"]) form.append(field, new Blob([redPicture(1280, 720)], { type: "image/png" }), "red.png");
    await from.send("PUT", `/api/v1/videos/${memory.uuid}`, form);
    await until(async () => {
      const now = await pictures(to, memory.uuid);
      return now.every((one, place) => isShown(one) && one.digest !== before[place].digest) || now;
    });
  }],
  ["storyboard", async (from, to, memory) => {
    if (from.makesNoStoryboards) return "makes none";
    const facts = ["totalHeight", "totalWidth", "spriteHeight", "spriteWidth", "spriteDuration"];
    const board = async (server) => (await server.get(`/api/v1/videos/${memory.uuid}/storyboards`)).storyboards[0];
    await until(async () => (await board(from)) !== undefined || "the origin has made none yet");
    await until(async () => {
      const [made, seen] = [await board(from), await board(to)];
      if (!seen) return "there is none";
      const shown = await picture(to, seen.storyboardPath);
      return isShown(shown) ? same(seen, Object.fromEntries(facts.map((fact) => [fact, made[fact]]))) : shown;
    });
  }],
  ["a fetch where unsigned ones are refused", async (from) => {
    // Neither of the two refuses unsigned fetches itself, so that a third server does, and verifies the signature.
    const strict = await openStrictOrigin(from.host);
    try {
      await until(async () => {
        const found = await from.get(`/api/v1/search/video-channels?search=${encodeURIComponent(strict.channel)}`);
        return (found.data[0]?.displayName === strict.name && strict.signed > 0) || { found, refused: strict.refused };
      });
    } finally {
      strict.close();
    }
  }],
  ["captions", async (from, to, memory) => {
    const form = new FormData();
    form.append("captionfile", new Blob(["WEBVTT\n\n00:00.000 --> 00:01.000\nFrom far away\n"], { type: "text/vtt" }), "en.vtt");
    await from.send("PUT", `/api/v1/videos/${memory.uuid}/captions/en`, form);
    await until(async () => {
      const { data } = await to.get(`/api/v1/videos/${memory.uuid}/captions`);
      const url = data[0]?.fileUrl ?? data[0]?.captionPath;
      if (!url) return data;
      const text = await (await fetch(new URL(url, to.url))).text();
      return text.includes("From far away") || text.slice(0, 100);
    });
  }],
  ["chapters", async (from, to, memory) => {
    const chapters = [{ timecode: 0, title: "Beginning" }, { timecode: 3, title: "End" }];
    await from.send("PUT", `/api/v1/videos/${memory.uuid}/chapters`, { chapters });
    await until(async () => same(await to.get(`/api/v1/videos/${memory.uuid}/chapters`), { chapters }));
  }],
  ["Create of a comment by its owner", async (from, to, memory) => {
    await from.send("POST", `/api/v1/videos/${memory.uuid}/comment-threads`, { text: `Owner speaks at ${from.host}` });
    await until(async () => (await texts(to, memory.uuid)).includes(`Owner speaks at ${from.host}`));
  }],
  ["Create of a reply", async (from, to, memory) => {
    const thread = (await threads(from, memory.uuid))[0];
    await from.send("POST", `/api/v1/videos/${memory.uuid}/comments/${thread.id}`, { text: "A reply" });
    await until(async () => {
      const theirs = (await threads(to, memory.uuid))[0];
      const tree = await to.get(`/api/v1/videos/${memory.uuid}/comment-threads/${theirs.id}`);
      return tree.children.some((child) => child.comment.text === "A reply") || tree;
    });
  }],
  ["Delete of a comment", async (from, to, memory) => {
    const thread = (await threads(from, memory.uuid))[0];
    await from.send("DELETE", `/api/v1/videos/${memory.uuid}/comments/${thread.id}`);
    await until(async () => !(await texts(to, memory.uuid)).includes(`Owner speaks at ${from.host}`));
  }],
  ["Create of a comment about the other's video", async (from, to, memory) => {
    const theirs = await ownVideo(to, from);
    await from.send("POST", `/api/v1/videos/${theirs}/comment-threads`, { text: `A visitor from ${from.host}` });
    await until(async () => (await texts(to, theirs)).includes(`A visitor from ${from.host}`));
    memory.theirs = theirs;
  }],
  ["Like", async (from, to, memory) => rate(from, to, memory, "like", { likes: 1, dislikes: 0 })],
  ["Dislike after Like", async (from, to, memory) => rate(from, to, memory, "dislike", { likes: 0, dislikes: 1 })],
  ["Undo of Dislike", async (from, to, memory) => rate(from, to, memory, "none", { likes: 0, dislikes: 0 })],
  ["Undo of Like", async (from, to, memory) => {
    await rate(from, to, memory, "like", { likes: 1, dislikes: 0 });
    await rate(from, to, memory, "none", { likes: 0, dislikes: 0 });
  }],
  ["ApproveReply of a comment that was held", async (from, to) => {
    const [uuid, text] = [await ownVideo(from, to), `Approved by ${from.host}`];
    await setFact(from, uuid, "commentsPolicy", 3);
    await until(async () => same((await video(to, uuid)).commentsPolicy, { id: 3 }));
    const id = await heldComment(from, to, uuid, text);
    await from.send("POST", `/api/v1/videos/${uuid}/comments/${id}/approve`);
    await until(async () => (await publicTexts(to, uuid)).includes(text));
  }],
  ["RejectReply of a comment that was held", async (from, to) => {
    const [uuid, text] = [await ownVideo(from, to), `Rejected by ${from.host}`];
    const id = await heldComment(from, to, uuid, text);
    await from.send("DELETE", `/api/v1/videos/${uuid}/comments/${id}`);
    await until(async () => !(await texts(to, uuid)).includes(text));
    await setFact(from, uuid, "commentsPolicy", 1);
    await until(async () => same((await video(to, uuid)).commentsPolicy, { id: 1 }));
  }],
  ["Undo of Announce and Announce when a video changes its channel", async (from, to, memory) => {
    memory.other = await from.send("POST", "/api/v1/video-channels", { name: `other_${Date.now()}`, displayName: "Another channel" });
    const all = await from.get(`/api/v1/accounts/${from.user}/video-channels?count=100`);
    memory.other = all.data.find((one) => one.id === memory.other.videoChannel.id);
    await setFact(from, memory.uuid, "channelId", memory.other.id);
    await until(async () => same((await video(to, memory.uuid)).channel, { name: memory.other.name }));
    await setFact(from, memory.uuid, "channelId", from.channel.id);
    await until(async () => same((await video(to, memory.uuid)).channel, { name: from.channel.name }));
  }],
  ["Delete of a channel", async (from, to, memory) => {
    const there = `/api/v1/video-channels/${memory.other.name}@${from.host}`;
    await until(async () => (await to.status(there)) === 200);
    await from.send("DELETE", `/api/v1/video-channels/${memory.other.name}`);
    await until(async () => (await to.status(there)) === 404);
  }],
  ["Delete of an account, and with it what it said", async (from, to) => {
    const [uuid, username, password] = [await ownVideo(to, from), `guest_${Date.now()}`, "a long password"];
    const facts = { username, password, email: `${username}@example.org`, videoQuota: -1, videoQuotaDaily: -1, role: 2 };
    const { user } = await from.send("POST", "/api/v1/users", facts);
    const guest = new Server(clip, from.url, username, password);
    await guest.logIn();
    await guest.send("POST", `/api/v1/videos/${uuid}/comment-threads`, { text: `${username} was here` });
    await until(async () => (await texts(to, uuid)).includes(`${username} was here`));
    await from.send("DELETE", `/api/v1/users/${user.id}`);
    await until(async () => (await to.status(`/api/v1/accounts/${username}@${from.host}`)) === 404);
    await until(async () => !(await texts(to, uuid)).includes(`${username} was here`));
  }],
  ["View", async (from, to, memory) => {
    const before = (await video(to, memory.theirs)).views;
    for (const currentTime of [1, 2, 3, 4, 5, 6]) {
      await from.send("POST", `/api/v1/videos/${memory.theirs}/views`, { currentTime });
      await new Promise((done) => setTimeout(done, 300));
    }
    await until(async () => (await video(to, memory.theirs)).views > before);
  }],
  ["Flag", async (from, to, memory) => {
    const id = (await video(from, memory.theirs)).id;
    await from.send("POST", "/api/v1/abuses", { reason: `Reported at ${from.host}`, video: { id } });
    await until(async () => (await to.get("/api/v1/abuses")).data.some((one) => one.reason === `Reported at ${from.host}`));
  }],
  ["Create of a playlist with an element", async (from, to, memory) => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ displayName: `List of ${from.host}`, privacy: 1, videoChannelId: from.channel.id })) form.append(name, value);
    memory.playlist = (await from.send("POST", "/api/v1/video-playlists", form)).videoPlaylist.uuid;
    await from.send("POST", `/api/v1/video-playlists/${memory.playlist}/videos`, { videoId: (await video(from, memory.uuid)).id });
    await until(async () => same(await to.get(`/api/v1/video-playlists/${memory.playlist}`), { displayName: `List of ${from.host}`, videosLength: 1 }));
  }],
  ["Update of a playlist", async (from, to, memory) => {
    const form = new FormData();
    form.append("displayName", "Another name");
    await from.send("PUT", `/api/v1/video-playlists/${memory.playlist}`, form);
    await until(async () => same(await to.get(`/api/v1/video-playlists/${memory.playlist}`), { displayName: "Another name" }));
  }],
  ["Delete of a playlist", async (from, to, memory) => {
    await from.send("DELETE", `/api/v1/video-playlists/${memory.playlist}`);
    await until(async () => (await to.status(`/api/v1/video-playlists/${memory.playlist}`)) === 404);
  }],
  ["Update of an account", async (from, to) => {
    await from.send("PUT", "/api/v1/users/me", { displayName: `Root of ${from.host}` });
    await until(async () => same(await to.get(`/api/v1/accounts/${from.user}@${from.host}`), { displayName: `Root of ${from.host}` }));
  }],
  ["Update of a channel", async (from, to) => {
    await from.send("PUT", `/api/v1/video-channels/${from.channel.name}`, { displayName: `Channel of ${from.host}` });
    await until(async () => same(await to.get(`/api/v1/video-channels/${from.channel.name}@${from.host}`), { displayName: `Channel of ${from.host}` }));
  }],
  ["Follow of a channel by a person", async (from, to) => {
    const handle = `${to.channel.name}@${to.host}`;
    await from.send("POST", "/api/v1/users/me/subscriptions", { uri: handle });
    await until(async () => (await to.get(`/api/v1/video-channels/${to.channel.name}`)).followersCount === 1);
  }],
  ["Undo of that Follow", async (from, to) => {
    await from.send("DELETE", `/api/v1/users/me/subscriptions/${to.channel.name}@${to.host}`);
    await until(async () => (await to.get(`/api/v1/video-channels/${to.channel.name}`)).followersCount === 0);
  }],
  ["Reject of a follower", async (from, to) => {
    const state = async () => (await to.get("/api/v1/server/following?count=50")).data.find((one) => isInstance(one.following, from.host))?.state;
    await until(async () => (await state()) === "accepted");
    await from.send("DELETE", `/api/v1/server/followers/peertube@${to.host}`);
    await until(async () => (await state()) !== "accepted");
    await to.send("DELETE", `/api/v1/server/following/${from.host}`).catch(() => {});
    await to.send("POST", "/api/v1/server/following", { hosts: [from.host] });
    await until(async () => (await state()) === "accepted");
  }],
  ["Create of CacheFile", async (from, to, memory) => {
    // PeerTube mirrors only whom its administrator chose, and looks for work once a minute; Shoal has no such switch.
    await from.send("PUT", `/api/v1/server/redundancy/${to.host}`, { redundancyAllowed: true }).catch(() => {});
    await until(async () => {
      const [playlist] = (await video(to, memory.theirs)).streamingPlaylists;
      return playlist.redundancies.some((copy) => new URL(copy.baseUrl).host === from.host) || playlist.redundancies;
    }, 5 * PATIENCE_MS);
  }],
  ["Undo of CacheFile", async (from, to, memory) => {
    const copies = async () => (await video(to, memory.theirs)).streamingPlaylists[0].redundancies.filter((copy) => new URL(copy.baseUrl).host === from.host);
    await from.send("PUT", `/api/v1/server/redundancy/${to.host}`, { redundancyAllowed: false });
    await until(async () => (await copies()).length === 0, 5 * PATIENCE_MS);
  }],
  ["Delete when a video becomes private", async (from, to, memory) => {
    await setFact(from, memory.uuid, "privacy", 3);
    await until(async () => (await to.status(`/api/v1/videos/${memory.uuid}`)) === 404);
  }],
  ["Create when it is public again", async (from, to, memory) => {
    await setFact(from, memory.uuid, "privacy", 1);
    await until(async () => same(await video(to, memory.uuid), { name: memory.facts.name }));
  }],
  ["Delete of a video", async (from, to, memory) => {
    await from.send("DELETE", `/api/v1/videos/${memory.uuid}`);
    await until(async () => (await to.status(`/api/v1/videos/${memory.uuid}`)) === 404);
  }],
  ["Undo of Follow", async (from, to) => {
    await from.send("DELETE", `/api/v1/server/following/${to.host}`);
    const followers = async () => (await to.get("/api/v1/server/followers?count=50")).data.map((one) => one.follower);
    await until(async () => !(await followers()).some((follower) => isInstance(follower, from.host)));
  }],
];

// A video of `owner` that `visitor` knows, made once and kept for all trials.
async function ownVideo(owner, visitor) {
  owner.shown ??= await owner.upload({ name: `For visitors of ${owner.host}`, commentsPolicy: 1, commentsEnabled: true });
  await until(async () => (await visitor.status(`/api/v1/videos/${owner.shown}`)) === 200);
  return owner.shown;
}

// Status, kind and digest of a picture that a server shows.
async function picture(server, path) {
  const response = await fetch(new URL(path, server.url));
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, kind: response.headers.get("content-type"), digest: createHash("sha256").update(bytes).digest("hex") };
}

const isShown = ({ status, kind }) => status === 200 && Boolean(kind?.startsWith("image/"));

async function pictures(server, uuid) {
  const { thumbnailPath, previewPath } = await video(server, uuid);
  return Promise.all([picture(server, thumbnailPath), picture(server, previewPath)]);
}

async function rate(from, to, memory, rating, counts) {
  await from.send("PUT", `/api/v1/videos/${memory.theirs}/rate`, { rating });
  for (const server of [to, from]) await until(async () => same(await video(server, memory.theirs), counts));
}

async function setFact(server, uuid, fact, value) {
  const form = new FormData();
  form.append(fact, String(value));
  await server.send("PUT", `/api/v1/videos/${uuid}`, form);
}

// What everybody reads under a video: a server shows its own users their comments before they are approved.
async function publicTexts(server, uuid) {
  const response = await fetch(new URL(`/api/v1/videos/${uuid}/comment-threads`, server.url));
  return (await response.json()).data.map((one) => one.text);
}

// Somebody at `visitor` comments a video of `owner` that holds comments back; tells its number there.
async function heldComment(owner, visitor, uuid, text) {
  await visitor.send("POST", `/api/v1/videos/${uuid}/comment-threads`, { text });
  let held;
  await until(async () => {
    const { data } = await owner.get("/api/v1/users/me/videos/comments?isHeldForReview=true&count=50");
    held = data.find((one) => one.text === text);
    return held !== undefined || data;
  });
  if ((await publicTexts(owner, uuid)).includes(text)) throw new Error("it was not held");
  return held.id;
}

const servers = [new Server(clip, ...rest.slice(0, 3)), new Server(clip, ...rest.slice(3))];
for (const server of servers) await server.logIn();
const directions = [[servers[0], servers[1], {}], [servers[1], servers[0], {}]];
console.log(`| what | ${directions.map(([from, to]) => `${from.name} → ${to.name}`).join(" | ")} |\n| --- | --- | --- |`);
const wanted = process.env.ONLY ? new RegExp(process.env.ONLY, "u") : /^/u;
let failures = 0;
for (const [name, trial] of trials) {
  if (!wanted.test(name)) continue;
  const outcomes = [];
  for (const [from, to, memory] of directions) {
    try {
      outcomes.push((await trial(from, to, memory)) ?? "yes");
    } catch (error) {
      failures += 1;
      outcomes.push(`no: ${error.message.replaceAll("|", "/").replaceAll("\n", " ")}`);
    }
  }
  console.log(`| ${name} | ${outcomes.join(" | ")} |`);
}
process.exit(failures === 0 ? 0 : 1);
