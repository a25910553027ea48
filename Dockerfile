# One file, four processes: docker build --target retrieval-api .
# Another platform: docker buildx build --platform linux/amd64,linux/arm64; the digests are those of both.
FROM node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d AS build
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends binutils && strip --strip-unneeded -o /node /usr/local/bin/node
COPY package.json package-lock.json .npmrc ./
# The image's own Node is used; the pinned one is for machines without it.
RUN npm ci --omit=dev --omit=optional
# What is not installed is no part of the image, nor of its bill of materials.
RUN npm pkg delete devDependencies optionalDependencies && npm sbom --sbom-format cyclonedx > sbom.cdx.json
# Types, maps and manuals are for people who write code.
RUN find node_modules -type f \( -name "*.map" -o -name "*.d.ts" -o -name "*.d.mts" -o -name "*.d.cts" -o -name "*.md" \) -delete
RUN rm -rf node_modules/openai/src node_modules/.package-lock.json
COPY services ./services
COPY ingest ./ingest
COPY releases ./releases
RUN mkdir /data && chown 1000:1000 /data

# Node and our code on Debian: no npm, no compiler, nothing to install with but apt, which needs root.
FROM debian:bookworm-slim@sha256:88200866dfff7ea7f5cbcb6ec7c8a701889efe6fe859fe64d6990e4b07ea4171 AS base
WORKDIR /app
COPY --from=build /node /usr/local/bin/node
COPY --from=build /app /app
COPY --from=build /data /data
# Where the code comes from: records name it, and an image has no history to ask.
ARG CODE_SOURCE=""
ENV CAIRN_CODE_SOURCE=${CODE_SOURCE}
ENV NODE_ENV=production CAIRN_DATA=/data CAIRN_HOST=0.0.0.0 CAIRN_AUTH=keys
USER 1000:1000
VOLUME /data
EXPOSE 9090

FROM base AS retrieval-api
EXPOSE 8080
CMD ["node", "--import", "./services/shared/node-version.mjs", "services/retrieval-api/main.ts"]

FROM base AS gateway
EXPOSE 8081
CMD ["node", "--import", "./services/shared/node-version.mjs", "services/gateway/main.ts"]

FROM base AS ingest-api
EXPOSE 8082
CMD ["node", "--import", "./services/shared/node-version.mjs", "ingest/api/main.ts"]

FROM base AS ingest-worker
CMD ["node", "--import", "./services/shared/node-version.mjs", "ingest/worker/main.ts"]
