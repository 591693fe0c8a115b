#!/usr/bin/env bash
# Finds, or on Debian and Ubuntu installs, what the tests need beyond Go: a browser, promtool, PostgreSQL, PgBouncer, the
# proxies that the gateway is compared with and stands behind (nginx, HAProxy, Node), npm for PortOne's SDKs, and a C
# compiler for the race detector; with the word bench what `make bench-proxy` does: nginx with Lua, HAProxy and wrk. It
# says what it found, changes nothing that is there, and may run any number of times.
#
#   scripts/deps.sh [tests|bench]
set -euo pipefail

find_initdb() {
  if command -v initdb; then return 0; fi
  local candidate
  for candidate in /usr/lib/postgresql/*/bin/initdb; do
    if [ -x "$candidate" ]; then
      echo "$candidate"
      return 0
    fi
  done
  return 1
}

find_pgbouncer() {
  if command -v pgbouncer; then return 0; fi
  [ -x /usr/sbin/pgbouncer ] && echo /usr/sbin/pgbouncer
}

find_chromium() { command -v chromium; }
find_promtool() { command -v promtool; }
find_cc() { command -v "${CC:-gcc}" || command -v cc; }
find_nginx() { command -v nginx || ls /usr/sbin/nginx; }
find_lua() { ls /usr/lib/nginx/modules/ngx_http_lua_module.so; }
find_cjson() { ls /usr/lib/*/lua/5.1/cjson.so; }
find_haproxy() { command -v haproxy || ls /usr/sbin/haproxy; }
find_node() { command -v node; }
find_npm() { command -v npm; }
find_wrk() { command -v wrk; }

# what to look for | the Debian package that has it
case "${1:-tests}" in
  tests)
    needs=(
      "chromium|chromium"
      "promtool|prometheus"
      "initdb|postgresql"
      "pgbouncer|pgbouncer"
      "nginx|nginx"
      "haproxy|haproxy"
      "node|nodejs"
      "npm|npm"
      "cc|gcc libc6-dev"
    )
    ;;
  bench)
    needs=(
      "nginx|nginx"
      "lua|libnginx-mod-http-lua"
      "cjson|lua-cjson"
      "haproxy|haproxy"
      "wrk|wrk"
    )
    ;;
  *)
    echo "usage: scripts/deps.sh [tests|bench]" >&2
    exit 2
    ;;
esac

missing=()
for need in "${needs[@]}"; do
  name=${need%%|*}
  if path=$("find_$name" 2>/dev/null); then
    echo "deps: $name found: $path"
  else
    echo "deps: $name is missing (package: ${need#*|})"
    missing+=("$need")
  fi
done

if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

packages=()
for need in "${missing[@]}"; do
  read -r -a words <<<"${need#*|}"
  packages+=("${words[@]}")
done

if ! command -v apt-get >/dev/null; then
  echo "deps: there is no apt-get here; install the following by the means of this system and run again:" >&2
  printf 'deps:   %s\n' "${packages[@]}" >&2
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "deps: not root and no sudo; run this as root and try again:" >&2
    echo "deps:   apt-get update && apt-get install -y --no-install-recommends ${packages[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "deps: installing ${packages[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${packages[@]}"

for need in "${missing[@]}"; do
  name=${need%%|*}
  if ! path=$("find_$name"); then
    echo "deps: $name is still missing after installing ${need#*|}" >&2
    exit 1
  fi
  echo "deps: $name installed: $path"
done
