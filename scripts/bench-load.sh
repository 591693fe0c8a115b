#!/usr/bin/env bash
# Measures the gateway under load beside a plain reverse proxy and a Fiber app that only hands on, all in front
# of the same upstream, in turns, so that what disturbs the machine disturbs all of them. Everything listens on
# loopback and lives in a folder that is removed in the end. Linux only: processor time comes from /proc.
#
#   ROUNDS=3 SECONDS_EACH=5 CONNECTIONS="32 1" scripts/bench-load.sh
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${ROUNDS:-3}
seconds=${SECONDS_EACH:-5}
connections=${CONNECTIONS:-32 1}
go=${GO:-go}

find_wrk() {
  if command -v wrk >/dev/null; then return; fi
  if ! command -v apt-get >/dev/null; then
    echo "bench: install wrk by the means of this system and run again" >&2
    exit 1
  fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
  echo "bench: installing wrk"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk
}

dir=$(mktemp -d "${TMPDIR:-/tmp}/pg-gateway-bench.XXXXXX")
pids=()
clean_up() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# started NAME URL: waits until URL is answered by the process started last, and notes its pid.
started() {
  local name=$1 url=$2 pid=${pids[-1]} i
  for ((i = 0; i < 100; i++)); do
    if "$dir/peers" -role ask -upstream "$url" 2>/dev/null; then
      pid_of[$name]=$pid
      return
    fi
    if ! kill -0 "$pid" 2>/dev/null; then break; fi
    sleep 0.1
  done
  echo "bench: $name does not answer; its last words:" >&2
  tail -n 20 "$dir/$name.log" >&2
  exit 1
}

# peer ROLE [ARG...]: starts one of test/bench/peers on a free port.
peer() {
  local role=$1 i
  shift
  "$dir/peers" -role "$role" "$@" >"$dir/$role.addr" 2>"$dir/$role.log" &
  pids+=($!)
  for ((i = 0; i < 100; i++)); do
    if [ -s "$dir/$role.addr" ]; then break; fi
    sleep 0.1
  done
  url_of[$role]="http://$(cat "$dir/$role.addr")"
  started "$role" "${url_of[$role]}/goods"
}

ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

# measure ROUND WORKLOAD CONNECTIONS TARGET: one run; its figures go to $dir/figures.
measure() {
  local round=$1 workload=$2 conns=$3 target=$4 path=/goods/1 before after line
  if [ "$workload" = checkout ]; then path=/checkout; fi
  before=$(ticks "${pid_of[$target]}")
  wrk -t1 -c"$conns" -d"${seconds}s" --latency -s test/bench/load.lua "${url_of[$target]}$path" -- "$workload" >"$dir/wrk.out"
  after=$(ticks "${pid_of[$target]}")
  line=$(grep '^figures ' "$dir/wrk.out")
  echo "$round $workload $conns $target ${line#figures } $(((after - before) * 1000000 / $(getconf CLK_TCK)))" >>"$dir/figures"
  if [ "${line##* }" -ne 0 ]; then
    echo "bench: $target failed ${line##* } requests of $workload, so its figures mean nothing" >&2
    tail -n 5 "$dir/$target.log" >&2
    exit 1
  fi
}

# table WORKLOAD CONNECTIONS: medians, and the median of the rounds' ratios to the plain proxy.
table() {
  awk -v workload="$1" -v conns="$2" '
    function median(list, n,    i, j, t) {
      for (i = 2; i <= n; i++)
        for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
      return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
    }
    $2 == workload && $3 == conns {
      if ($1 > rounds) rounds = $1
      f["rps", $4, $1] = $5; f["p50", $4, $1] = $6; f["p99", $4, $1] = $7; f["cpu", $4, $1] = $10 / $8
    }
    END {
      printf "%-9s %9s %9s %9s %9s   to plain: %6s %6s %6s %6s\n", "", "req/s", "p50 us", "p99 us", "cpu us", "req/s", "p50", "p99", "cpu"
      split("upstream plain fiber gateway", targets, " "); split("rps p50 p99 cpu", kinds, " ")
      for (t = 1; t <= 4; t++) {
        left = right = ""
        for (k = 1; k <= 4; k++) {
          for (r = 1; r <= rounds; r++) {
            v[r] = f[kinds[k], targets[t], r]
            ratio[r] = v[r] / f[kinds[k], "plain", r]
          }
          left = left sprintf(" %9.0f", median(v, rounds)); right = right sprintf(" %6.2f", median(ratio, rounds))
        }
        printf "%-9s%s            %s\n", targets[t], left, right
      }
    }' "$dir/figures"
}

find_wrk
"$go" build -o "$dir/peers" ./test/bench/peers
CGO_ENABLED=0 "$go" build -trimpath -o "$dir/pg-gateway" .

declare -A pid_of url_of
peer upstream
peer plain -upstream "${url_of[upstream]}"
peer fiber -upstream "${url_of[upstream]}"
url_of[gateway]="http://$("$dir/peers" -role config -dir "$dir" -upstream "${url_of[upstream]}")"
"$dir/pg-gateway" serve --config.file="$dir/config.yaml" >"$dir/gateway.log" 2>&1 &
pids+=($!)
started gateway "${url_of[gateway]}/goods"

for conns in $connections; do
  for ((round = 1; round <= rounds; round++)); do
    for workload in get checkout; do
      for target in upstream plain fiber gateway; do measure "$round" "$workload" "$conns" "$target"; done
    done
  done
done

echo "load average $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) processors, $rounds rounds of ${seconds}s"
for conns in $connections; do
  printf '\npass-through GET, %s connection(s)\n' "$conns"
  table get "$conns"
  printf '\nPOST /checkout (card, KG Inicis), %s connection(s); the others hand the same POST on\n' "$conns"
  table checkout "$conns"
done
