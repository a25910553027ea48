import { createPublicKey } from "node:crypto";
import { bundleFromJSON } from "@sigstore/bundle";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Bundle } from "#shared/lineage/bundle.ts";
import { loggedBundle } from "../helpers/lineage-bundle.ts";
import { type LocalApp, openLocal } from "../helpers/local.ts";

let app: LocalApp;
let bundle: Bundle;
beforeAll(async () => {
  app = await openLocal({ files: { "ports.md": "# Ports\n\nThe gateway listens on port 8081.\n" } });
  const { lineage } = await app.ask("Which port does the gateway listen on?");
  bundle = await loggedBundle(app, lineage.id);
});
afterAll(() => app.close());

/** Sigstore's own verifier, which knows nothing of Cairn: keys by name, no logs and no clocks of Sigstore's. */
function stockVerifier({ keys }: Bundle): Verifier {
  const nobody = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
  const trusted = toTrustMaterial({ mediaType: "", ...nobody }, (hint) => {
    const { kty, crv, x, valid_from } = keys.find(({ kid }) => kid === hint)!;
    const publicKey = createPublicKey({ key: { kty, crv, x }, format: "jwk" });
    return { publicKey, validFor: (date) => date >= new Date(valid_from) };
  });
  return new Verifier(trusted, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
}

/** Our envelope, untouched, in the frame that Sigstore's tools read. */
const inSigstoresFrame = (envelope: Bundle["envelope"]) =>
  toSignedEntity(
    bundleFromJSON({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { publicKey: { hint: envelope.signatures[0]!.keyid }, tlogEntries: [] },
      dsseEnvelope: envelope,
    }),
  );

test("a stock DSSE verifier accepts the envelope of a record as it is", () => {
  const signer = stockVerifier(bundle).verify(inSigstoresFrame(bundle.envelope));
  expect(signer.key.asymmetricKeyType).toBe("ed25519");
  const statement = JSON.parse(Buffer.from(bundle.envelope.payload, "base64").toString()) as object;
  expect(statement).toMatchObject({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: expect.stringMatching(/^answer:/), digest: { sha256: expect.any(String) } }],
    predicateType: expect.stringMatching(/^urn:/),
    predicate: {
      buildDefinition: { buildType: expect.any(String) },
      runDetails: { builder: { id: expect.any(String) } },
    },
  });
});

test("and refuses it with one bit changed, or under another payload type", () => {
  const payload = Buffer.from(bundle.envelope.payload, "base64");
  payload[100]! ^= 1;
  const verifier = stockVerifier(bundle);
  const changed = { ...bundle.envelope, payload: payload.toString("base64") };
  expect(() => verifier.verify(inSigstoresFrame(changed))).toThrow(/signature verification failed/);
  const retyped = { ...bundle.envelope, payloadType: "text/plain" };
  expect(() => verifier.verify(inSigstoresFrame(retyped))).toThrow(/signature verification failed/);
});
