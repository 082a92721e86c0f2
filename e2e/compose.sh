#!/bin/sh
# `npm run e2e:compose`: installs what is missing, builds, then e2e/compose.ts does the rest.
set -eu
cd "$(dirname "$0")/.."
# A Docker that came from elsewhere is left as it is.
set --
command -v dockerd >/dev/null || set -- "$@" docker.io
command -v docker-compose >/dev/null || docker compose version >/dev/null 2>&1 || set -- "$@" docker-compose
command -v debootstrap >/dev/null || set -- "$@" debootstrap
sh e2e/prepare.sh "$@"
npm run --silent build
exec node e2e/compose.ts
