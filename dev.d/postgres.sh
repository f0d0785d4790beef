# A throw-away PostgreSQL cluster: made in a temporary folder, on loopback and a free port, gone when the script ends.
#
# PostgreSQL refuses to run as root, so root hands it to the user `postgres` of the distribution's package.
# shellcheck shell=bash

# Starts the cluster and sets `postgres_url`, whose role may create databases.
start_postgres() {
  local programs port password
  programs=$(postgres_bin)
  port=$(free_port)
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  postgres_dir=$(mktemp -d "${TMPDIR:-/tmp}/shoal-postgres.XXXXXX")
  at_exit 'rm -rf -- "$postgres_dir"'
  printf '%s\n' "$password" >"$postgres_dir/password"
  if ((EUID == 0)); then chown -R postgres "$postgres_dir"; fi

  as_postgres "$programs/initdb" -D "$postgres_dir/data" --username=shoal --pwfile="$postgres_dir/password" \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  # Without fsync and its like a crash of the machine loses the data, which is worth nothing; the tests are quicker.
  # Each test keeps a connection for as long as its process lives, which without nextest is as long as hundreds of tests.
  local options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c max_connections=900"
  options+=" -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0"
  as_postgres "$programs/pg_ctl" -D "$postgres_dir/data" -l "$postgres_dir/log" --wait -o "$options" start >/dev/null ||
    fail "PostgreSQL did not start: $(tail -n 5 "$postgres_dir/log")"
  at_exit "as_postgres '$programs/pg_ctl' -D '$postgres_dir/data' --mode=immediate stop >/dev/null"
  postgres_url=postgres://shoal:$password@127.0.0.1:$port/postgres
}

as_postgres() {
  if ((EUID == 0)); then
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}
