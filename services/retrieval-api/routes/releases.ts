import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import type { Server } from "#shared/server.ts";
import type { ApiDeps } from "../api-deps.ts";
import { releaseBom, type UsedModel } from "../lineage/release-bom.ts";
import { loadKeptRelease } from "../replay/kept-answer.ts";

type Row = { digest: string; name: string; first_used_at: number };

const tags = ["lineage"];

/** The releases that were in use here, and what they are made of. */
export function mountReleases(server: Server, { db, index, release, parts, authenticate }: ApiDeps): void {
  const onRequest = needs(authenticate, "audit");

  server.get(
    "/v1/releases",
    { onRequest, schema: { tags, summary: "Releases that were in use here, newest first" } },
    async () => {
      const rows = await db.all<Row>(
        "select digest, name, first_used_at from release order by first_used_at desc, digest",
      );
      return {
        releases: rows.map(({ digest, name, first_used_at }) => ({
          ...{ digest: `sha256:${digest}`, name, in_use: digest === release.digest },
          first_used_at: new Date(Number(first_used_at)).toISOString(),
        })),
      };
    },
  );

  server.get(
    "/v1/releases/:digest/bom",
    {
      onRequest,
      schema: {
        tags,
        summary: "The bill of materials of a release, as CycloneDX 1.6",
        params: z.object({ digest: z.string().max(80) }),
      },
    },
    async (request, reply) => {
      const asked = await loadKeptRelease(db, request.params.digest);
      const row = await db.get<Row>("select first_used_at from release where digest = $1", [asked.digest]);
      const models = await db.all<UsedModel>(
        `select m.dep_id as name, max(m.dep_digest) as digest from answer_dep m
         join answer_dep r on r.answer_id = m.answer_id and r.dep_kind = 'release' and r.dep_id = $1
         where m.tenant = $2 and m.dep_kind = 'model' group by m.dep_id order by m.dep_id`,
        [asked.digest, callerOf(request).tenant],
      );
      const live = (await index.generations()).find(({ status }) => status === "live");
      const bom = releaseBom({
        release: asked,
        models,
        index: live?.manifest ?? {},
        parts: asked.digest === release.digest ? parts : [],
        firstUsedAt: Number(row!.first_used_at),
      });
      return reply.type("application/vnd.cyclonedx+json").send(JSON.stringify(bom, undefined, 2));
    },
  );
}
