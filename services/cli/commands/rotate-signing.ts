import type { KeyRing } from "#shared/lineage/key-ring.ts";
import { rotateFile } from "#shared/lineage/key-ring.ts";
import type { Context } from "../command.ts";
import { oneLine } from "../printable.ts";

type Key = Awaited<ReturnType<KeyRing["rotate"]>>;

/** Makes a new signing key: on the server, or in a file that will be given to it. */
export async function rotateSigning(file: string | undefined, context: Context): Promise<number> {
  const { client, output, json, signal } = context;
  const key =
    file === undefined
      ? await client.call<Key>("/v1/signing-keys", signal, { method: "POST", json: {} })
      : await rotateFile(file, Date.now());
  if (json) output.json(key);
  else {
    output.line(oneLine(`New signing key ${key.kid}, valid from ${key.valid_from}.`));
    output.line("The ones before sign for five more minutes; what they signed stays valid.");
  }
  return 0;
}
