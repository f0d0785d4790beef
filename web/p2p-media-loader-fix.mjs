// p2p-media-loader-core 2.2.2 drops every HTTP failure: its handler returns unless the error is *named* "abort", which none
// is, so a refused connection, a 404 or a failed hash is noticed only when no bytes came for three seconds. This build step
// makes it return only for requests that were aborted, so that the next copy is asked at once. The swarm's wire format,
// for which the version is pinned, is untouched. The build fails if the text is not found exactly once.
import { readFile } from "node:fs/promises";

const wrong = `if (error.name !== "abort") return;`;
const right = `if (this.abortController.signal.aborted) return;`;

export const p2pMediaLoaderFix = {
  name: "p2p-media-loader-fix",
  setup(build) {
    build.onLoad({ filter: /p2p-media-loader-core[\\/]dist[\\/]p2p-media-loader-core\.es\.js$/ }, async ({ path }) => {
      const parts = (await readFile(path, "utf8")).split(wrong);
      if (parts.length !== 2) throw new Error(`expected one place to correct in ${path}, found ${parts.length - 1}`);
      return { contents: parts.join(right), loader: "js" };
    });
  },
};
