/** What every process of a test gets of the environment: where programs are, and where Node keeps what it has compiled. */
export const CHILD_ENV = {
  PATH: process.env.PATH ?? "",
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? "",
};
