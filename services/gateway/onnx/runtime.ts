/** What is used of onnxruntime-node, which is not among the dependencies: 290 MB that most installations do not need. */
export type Runtime = {
  readonly InferenceSession: { create(path: string, options: object): Promise<Session> };
  readonly Tensor: new (type: "int64", data: BigInt64Array, dims: readonly number[]) => object;
};
export type Session = {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, object>>): Promise<Readonly<Record<string, Output>>>;
};
export type Output = { readonly data: Float32Array; readonly dims: readonly number[] };

const PACKAGE = "onnxruntime-node";
/** The version that was tested. */
const VERSION = "1.30.0";

/** Whether the runtime can be loaded here; when not, a sentence that says how to install it. */
export function missingRuntime(): string | undefined {
  try {
    import.meta.resolve(PACKAGE);
    return undefined;
  } catch {
    return `The runtime of ONNX models is not installed. Install it in Cairn's folder: npm install --no-save --ignore-scripts ${PACKAGE}@${VERSION}`;
  }
}

/** Rejects with the sentence of `missingRuntime`. */
export async function loadRuntime(): Promise<Runtime> {
  const missing = missingRuntime();
  if (missing !== undefined) throw new Error(missing);
  // By a variable: the compiler would look for the types of a package that need not be there.
  return (await import(PACKAGE)) as Runtime;
}
