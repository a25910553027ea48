/** Milliseconds that this process has computed: what it waits for while others compute is not in it. */
export function computingMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
