/** The media type that in-toto statements are signed under. */
export const STATEMENT_TYPE = "application/vnd.in-toto+json";

/** A DSSE envelope in its JSON form: payload and signatures in base64. */
export type Envelope = {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
};

/**
 * What a DSSE signature is over: type and body with their lengths, so that no byte of one can be taken for the other.
 * https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md
 */
export function preAuthEncoding(payloadType: string, body: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${body.byteLength} `;
  return Buffer.concat([Buffer.from(head), body]);
}
