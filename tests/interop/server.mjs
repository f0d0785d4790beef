// A server under trial, spoken with over the REST interface that PeerTube and Shoal share, and how to wait for what it must show.

export const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 30_000);

export class Server {
  constructor(clip, url, user, password) {
    Object.assign(this, { clip, url, user, password, host: new URL(url).host });
  }

  async logIn() {
    const client = await this.get("/api/v1/oauth-clients/local");
    const form = new URLSearchParams({
      client_id: client.client_id,
      client_secret: client.client_secret,
      grant_type: "password",
      username: this.user,
      password: this.password,
    });
    this.token = (await this.send("POST", "/api/v1/users/token", form)).access_token;
    this.me = await this.get("/api/v1/users/me");
    this.channel = this.me.videoChannels[0];
    const nodeinfo = await this.get("/nodeinfo/2.0.json");
    this.name = `${nodeinfo.software.name} ${nodeinfo.software.version}`;
    this.makesNoStoryboards = nodeinfo.software.name === "shoal";
  }

  async send(method, path, body) {
    const headers = this.token ? { authorization: `Bearer ${this.token}` } : {};
    const isForm = body instanceof FormData || body instanceof URLSearchParams;
    if (body !== undefined && !isForm) headers["content-type"] = "application/json";
    const payload = body === undefined || isForm ? body : JSON.stringify(body);
    const response = await fetch(new URL(path, this.url), { method, headers, body: payload });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 200)}`);
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }

  get = (path) => this.send("GET", path);

  async status(path) {
    const headers = this.token ? { authorization: `Bearer ${this.token}` } : {};
    return (await fetch(new URL(path, this.url), { headers })).status;
  }

  async upload(fields) {
    const form = new FormData();
    const all = { channelId: this.channel.id, privacy: 1, waitTranscoding: true, ...fields };
    for (const [name, value] of Object.entries(all)) {
      for (const one of [value].flat()) form.append(Array.isArray(value) ? `${name}[]` : name, String(one));
    }
    form.append("videofile", new Blob([this.clip], { type: "video/mp4" }), "clip.mp4");
    return (await this.send("POST", "/api/v1/videos/upload", form)).video.uuid;
  }
}

// Asks until the answer is true, and says what it was at last if it never is.
export async function until(look, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  let last;
  while (Date.now() < end) {
    try {
      last = await look();
      if (last === true) return;
    } catch (error) {
      last = error.message;
    }
    await new Promise((done) => setTimeout(done, 500));
  }
  throw new Error(`not seen after ${patience / 1000} s, but: ${JSON.stringify(last)?.slice(0, 300)}`);
}

// Tells which members differ.
export function same(found, wanted) {
  const differing = Object.entries(wanted).filter(([name, value]) => JSON.stringify(found[name]) !== JSON.stringify(value));
  return differing.length === 0 || differing.map(([name]) => `${name} is ${JSON.stringify(found[name])}`).join(", ");
}
