FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
RUN npx tsc -p tsconfig.json

FROM node:22-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:22-bookworm-slim
# git, because lists are read at a commit; its certificates, to fetch one.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git \
  && rm -rf /var/lib/apt/lists/* \
  && mkdir /data && chown node:node /data
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
# The steps of pipelines (docs/PIPELINES.md).
COPY ci ./ci
# What attacks look like in logs (docs/INCIDENTS.md).
COPY rules ./rules
COPY feeds /feeds
ENV NODE_ENV=production FEEDS_DIR=/feeds DATA_DIR=/data
USER node
VOLUME /data
ENTRYPOINT ["node", "--enable-source-maps", "dist/src/main.js"]
CMD ["--help"]
