# Measures what docs/benchmarks.md reports: memory when idle, time to the first answer, requests and activities per second.
#
# Always the release build, SQLite and all four roles, on a data folder of its own. `SHOAL_BENCH_PEER=http://127.0.0.1:9000` names a
# PeerTube server that runs beside it: then both answer the same question in turn, in the same run. `SHOAL_BENCH_PEER_INBOX` names one that
# federates over plain http: it gets the same activities.
# shellcheck shell=bash

readonly bench_shoal=$target_dir/release/shoal
readonly bench_starts=11
readonly bench_seconds=10

run_benchmarks() {
  end_on_signals
  setup run
  have wrk || have oha || fail "the load comes from wrk or oha: install one (apt-get install wrk)"
  build_web
  say "building the release binary"
  "$cargo" build --workspace --release --quiet "${cargo_flags[@]}"
  bench_dir=$(mktemp -d "${TMPDIR:-/tmp}/shoal-bench.XXXXXX")
  at_exit 'rm -rf -- "$bench_dir"'
  at_exit 'stop_server'

  local server_port resident start rate fresh_rate federation peer_rate=''
  server_port=$(free_port)
  measure_idle_memory
  measure_start
  measure_video_list
  measure_peer
  measure_federation
  cat <<TABLE
| what | target | measured |
| --- | --- | --- |
| idle server with all roles, resident memory after 10 s | at most 60 MB | $resident MB |
| start to first answered request, existing data folder (median of $bench_starts) | at most 300 ms | $start ms |
| \`GET /api/v1/videos?count=25\` with 200 videos, SQLite | at least 5,000 requests/s on 2 cores | $rate requests/s |
| the same with a filter that no request repeats, so that each answer is read from the database | | $fresh_rate requests/s |$(peer_line)
$federation

$(git rev-parse --short HEAD 2>/dev/null || echo 'no commit'), $(nproc) cores ($(processor)), $(free -g | awk '/^Mem/ { print $2 }') GB of memory, $(load_generator) on the same machine
TABLE
}

# The first question to the peer, and how many times as many we answered. Nothing without a peer.
peer_line() {
  [[ -n $peer_rate ]] || return 0
  printf '\n| the same at %s, in the same run | | %s requests/s: we answer %.0f times as many, %.0f times if each is read anew |' \
    "$SHOAL_BENCH_PEER" "$peer_rate" "$(ratio "$rate" "$peer_rate")" "$(ratio "$fresh_rate" "$peer_rate")"
}

ratio() { awk "BEGIN { print ${1%% *} / (${2%% *} > 0 ? ${2%% *} : 1) }"; }

processor() { sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1; }
load_generator() { if have wrk; then echo wrk; else echo oha; fi; }

# Starts a server on the bench folder, and sets `server_pid`.
start_server() {
  "$bench_shoal" serve --data "$bench_dir/data" --listen "127.0.0.1:$server_port" \
    --public-url "http://127.0.0.1:$server_port" >"$bench_dir/log" 2>&1 </dev/null &
  server_pid=$!
}

# Returns as soon as the server has answered a request with 200.
await_answer() {
  local status='' tries=0
  until [[ $status == *' 200 '* ]]; do
    if ! kill -0 "$server_pid" 2>/dev/null || ((tries++ > 10000)); then
      tail -n 20 "$bench_dir/log" >&2
      fail "the server did not answer; the end of its log is above"
    fi
    status=''
    if { exec 4<>"/dev/tcp/127.0.0.1/$server_port"; } 2>/dev/null; then
      printf 'GET /api/v1/videos?count=1 HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$server_port" >&4
      read -r -t 5 status <&4 || true
      exec 4>&-
    fi
    sleep 0.002
  done
}

stop_server() {
  [[ -n ${server_pid:-} ]] || return 0
  kill -TERM "$server_pid" 2>/dev/null || true
  wait "$server_pid" 2>/dev/null || true
  server_pid=
}

# The measurements set `resident`, `start`, `rate`, `fresh_rate` and `federation` of their caller.
measure_idle_memory() {
  say "idle memory"
  start_server
  await_answer
  sleep 10
  resident=$(awk '/^VmRSS/ { printf "%.0f", $2 / 1024 }' "/proc/$server_pid/status")
  stop_server
}

measure_start() {
  local began ended run all=()
  say "$bench_starts starts"
  for ((run = 0; run < bench_starts; run++)); do
    began=${EPOCHREALTIME/[.,]/}
    start_server
    await_answer
    ended=${EPOCHREALTIME/[.,]/}
    all+=($(((ended - began) / 1000)))
    stop_server
  done
  start=$(printf '%s\n' "${all[@]}" | sort -n | sed -n "$((bench_starts / 2 + 1))p")
}

measure_video_list() {
  say "list of videos, for $bench_seconds s"
  "$bench_shoal" bench-seed --data "$bench_dir/data" --videos 200 >&2
  start_server
  await_answer
  rate=$(requests_per_second "http://127.0.0.1:$server_port/api/v1/videos?count=25")
  fresh_rate=0
  if have wrk; then
    cat >"$bench_dir/fresh.lua" <<'LUA'
local asked = 0
request = function()
  asked = asked + 1
  return wrk.format("GET", ("%s&categoryOneOf=15&categoryOneOf=%d%05d"):format(wrk.path, 1000 + asked, math.random(99999)))
end
LUA
    fresh_rate=$(requests_per_second "http://127.0.0.1:$server_port/api/v1/videos?count=25" --script "$bench_dir/fresh.lua")
  fi
  stop_server
}

# Sets `peer_rate` of its caller.
measure_peer() {
  [[ -n ${SHOAL_BENCH_PEER:-} ]] || return 0
  say "the same at $SHOAL_BENCH_PEER"
  peer_rate=$(requests_per_second "$SHOAL_BENCH_PEER/api/v1/videos?count=25")
}

# Of an address; further arguments are for wrk.
requests_per_second() {
  if have wrk; then
    wrk --threads 2 --connections 64 --duration "${bench_seconds}s" "$@" |
      awk '/^Requests\/sec/ { rate = $2 } /Non-2xx/ { bad = 1 } END { print bad ? "0 (errors)" : int(rate) }'
  else
    oha --no-tui -c 64 -z "${bench_seconds}s" "$1" | awk '/Requests\/sec/ { print int($2) }'
  fi
}

# Rows of the table: a server of its own, and two thousand others on loopback.
measure_federation() {
  say "activities, in and out"
  federation=$(SHOAL_BIN=$bench_shoal "$target_dir/release/bench-federation")
}
