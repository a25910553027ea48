/** Runs a process's entry. What stops it from starting is told in a sentence; a bug keeps its stack. */
export function runMain(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    const bug = error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
    const text = error instanceof Error ? (bug && error.stack) || error.message : String(error);
    process.stderr.write(`${text}\n`);
    process.exit(1);
  });
}
