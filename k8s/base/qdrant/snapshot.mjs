// A snapshot of every collection, kept by Qdrant beside its data; the two newest of each stay.
// Lost chunks can always be made again from the database and the files: this only saves the time of a reindex.
const [url, key, KEEP] = [process.env.QDRANT_URL, process.env.QDRANT_API_KEY, 2];

async function ask(method, path) {
  const response = await fetch(`${url}${path}`, { method, headers: { "api-key": key } });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  return (await response.json()).result;
}

for (const { name } of (await ask("GET", "/collections")).collections) {
  const path = `/collections/${encodeURIComponent(name)}/snapshots`;
  const made = await ask("POST", path);
  const all = (await ask("GET", path)).toSorted((a, b) =>
    String(a.creation_time).localeCompare(String(b.creation_time)),
  );
  for (const old of all.slice(0, -KEEP)) await ask("DELETE", `${path}/${encodeURIComponent(old.name)}`);
  console.log(JSON.stringify({ collection: name, snapshot: made.name }));
}
