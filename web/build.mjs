// Builds what the pages load: islands, stylesheet, icon sprite, into `dist/` under names that carry a hash of their bytes,
// and `dist/manifest.json`, which maps the plain name to the hashed one. `--tests` bundles the tests instead.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { iconSprite } from "./icons/sprite.mjs";
import { p2pMediaLoaderFix } from "./p2p-media-loader-fix.mjs";

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, "dist");
const testsDist = join(root, "node_modules", ".cache", "shoal-tests");

const browserOptions = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  legalComments: "none",
  // The package's own bundle brings its polyfills for Node's modules along.
  conditions: ["p2pml:core-as-bundle"],
  plugins: [p2pMediaLoaderFix],
  logLevel: "warning",
};

if (process.argv.includes("--tests")) await buildTests();
else await buildSite();

async function buildSite() {
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  const manifest = {};

  await emit(manifest, "icons.svg", await iconSprite());
  await emit(manifest, "favicon.svg", await readFile(join(root, "icons/favicon.svg")));
  await emitBundled(manifest, {
    entryPoints: { main: "styles/main.css" },
    target: ["chrome123", "firefox120", "safari17.5"],
  });
  await emitBundled(manifest, {
    entryPoints: await islandEntries(),
    splitting: true,
    chunkNames: "chunk-[hash]",
  });

  await writeFile(join(dist, "manifest.json"), `${JSON.stringify(sorted(manifest), null, 2)}\n`);
  await precompress();
}

async function buildTests() {
  await rm(testsDist, { recursive: true, force: true });
  const names = (await readdir(join(root, "tests"))).filter((name) => name.endsWith(".test.ts"));
  await build({
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node18",
    entryPoints: names.map((name) => `tests/${name}`),
    outdir: testsDist,
    outExtension: { ".js": ".mjs" },
    logLevel: "warning",
  });
}

/** One entry per island: the file name is the name in the manifest. */
async function islandEntries() {
  const names = (await readdir(join(root, "islands"))).filter((name) => name.endsWith(".ts"));
  return Object.fromEntries(names.map((name) => [basename(name, ".ts"), `islands/${name}`]));
}

/** Bundles entries; esbuild puts the hash into the names, and its metafile says which output came from which entry. */
async function emitBundled(manifest, options) {
  const result = await build({
    ...browserOptions,
    ...options,
    minify: true,
    metafile: true,
    outdir: dist,
    entryNames: "[name]-[hash]",
  });
  const outputs = Object.entries(result.metafile.outputs);
  for (const [name, source] of Object.entries(options.entryPoints)) {
    const [path] = outputs.find(([, output]) => output.entryPoint === source) ?? [];
    if (!path) throw new Error(`nothing was built from ${source}`);
    manifest[`${name}${extname(path)}`] = basename(path);
  }
}

async function emit(manifest, name, bytes) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();
  const extension = extname(name);
  const hashed = `${basename(name, extension)}-${hash}${extension}`;
  await writeFile(join(dist, hashed), bytes);
  manifest[name] = hashed;
}

/** Writes `.br` and `.gz` beside each file, so that the server never compresses the same bytes twice. */
async function precompress() {
  const names = (await readdir(dist)).filter((name) => name !== "manifest.json");
  await Promise.all(names.map(async (name) => {
    const bytes = await readFile(join(dist, name));
    const [br, gz] = await Promise.all([
      promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
      promisify(gzip)(bytes, { level: 9 }),
    ]);
    await Promise.all([writeFile(join(dist, `${name}.br`), br), writeFile(join(dist, `${name}.gz`), gz)]);
  }));
}

function sorted(record) {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => a.localeCompare(b)));
}
