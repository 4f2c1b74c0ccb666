# The gateway in one image. With nothing configured it keeps everything in /data: an embedded Postgres, the bytes and the
# generated secret. With DATABASE_URL, S3_BUCKET and JWT_SECRET it keeps nothing; docker-compose.yml shows that form.
# Debian rather than Alpine: the embedded Postgres is linked against glibc.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json openapi.yaml ./
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts && chmod +x dist/main.js

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=5000 DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json openapi.yaml ./
COPY db db
COPY policies policies
# The program belongs to root and the gateway is not root: it cannot change itself.
RUN ln -s /app/dist/main.js /usr/local/bin/sluice && install -d -o node -g node -m 0700 /data
# `node`, by number: an orchestrator that refuses root can see that this is not root.
USER 1000:1000
VOLUME /data
EXPOSE 5000
# The process, not its dependencies: a restart would not bring Postgres back. `/ready` asks for those.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 5000}/health`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve"]
