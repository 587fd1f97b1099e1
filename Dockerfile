# One image for both services; the command decides which one runs.
FROM node:22.20-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY apps apps
COPY libs libs
COPY bench bench
RUN npm run build

FROM node:22.20-slim
ENV NODE_ENV=production
WORKDIR /app
# The programs are bundled (scripts/bundle.mjs). They read the files of the API documents and of the dashboard.
COPY --from=build /app/node_modules/swagger-ui-dist node_modules/swagger-ui-dist
COPY --from=build /app/dist/*.js /app/dist/*.js.map dist/
COPY --from=build /app/dist/dashboard dist/dashboard
COPY package.json ./
COPY presets presets
USER node
EXPOSE 3000 3001
CMD ["node", "dist/query.js"]
