import { vi } from "vitest";
import type { Bundle } from "#shared/lineage/bundle.ts";
import type { LocalApp } from "./local.ts";

/** The file of an answer, once its record has its place in the log. */
export const loggedBundle = (app: LocalApp, id: string): Promise<Bundle> =>
  vi.waitFor(
    async () => {
      const response = await app.send(`/v1/answers/${id}/record`);
      const bundle = (await response.json()) as Bundle;
      if (!bundle.log) throw new Error("not logged yet");
      return bundle;
    },
    { timeout: 10_000, interval: 50 },
  );
