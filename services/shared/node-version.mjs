// Loaded before everything else, and plain JavaScript, because an older Node cannot even parse the rest.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  process.stderr.write(
    `Cairn needs Node 24 or newer, this is ${process.version}. On Linux, "npm ci" brings the right one: start with ` +
      `"npm start" or "./cairn". Elsewhere install Node 24 yourself.\n`,
  );
  process.exit(1);
}
process.removeAllListeners("warning"); // node:sqlite announces itself as experimental on every start
// What Node compiles is kept for the next start, which then takes half as long. Where nothing can be written, nothing is.
const { enableCompileCache } = await import("node:module");
enableCompileCache(`${import.meta.dirname}/../../node_modules/.cache/node`);
