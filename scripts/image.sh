#!/usr/bin/env bash
# Builds the container image of the Dockerfile: image.sh NAME:TAG VERSION REVISION.
set -euo pipefail

image=$1
version=$2
revision=$3
cd "$(dirname "$0")/.."

arguments=(--build-arg "VERSION=$version" --build-arg "REVISION=$revision" -t "$image" .)
if command -v docker >/dev/null; then
  exec docker build "${arguments[@]}"
elif command -v buildah >/dev/null; then
  exec buildah bud "${arguments[@]}"
fi
echo "image: neither docker nor buildah is installed" >&2
exit 1
