# One file, four processes: docker build --target retrieval-api .
FROM node:24-bookworm-slim AS base
WORKDIR /app
ENV NODE_ENV=production
COPY package.json package-lock.json .npmrc ./
# The image's own Node is used; the pinned one is for machines without it.
RUN npm ci --omit=dev --omit=optional && npm cache clean --force
COPY services ./services
COPY ingest ./ingest
COPY releases ./releases
RUN mkdir /data && chown node:node /data
ENV CAIRN_DATA=/data CAIRN_HOST=0.0.0.0 CAIRN_AUTH=keys
USER node
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
