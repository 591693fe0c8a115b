#!/usr/bin/env bash
# Runs every fuzz target of the given packages, one after the other, each for FUZZTIME.
# Go's fuzzing takes one target of one package at a time, hence the loop.
set -euo pipefail

go=${GO:-go}
fuzztime=${FUZZTIME:-15s}
ran=0

for package in $("$go" list "$@"); do
  for target in $("$go" test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
    echo "fuzz: $package $target for $fuzztime"
    "$go" test -run '^$' -fuzz "^${target}\$" -fuzztime "$fuzztime" "$package"
    ran=$((ran + 1))
  done
done

echo "fuzz: $ran targets ran"
