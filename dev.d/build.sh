# Builds the scripts and styles of the pages, then the binary that carries them.
#
# Cargo is always asked for the whole workspace: another selection unifies features differently and would compile
# much of the dependency graph a second time.
# shellcheck shell=bash

# Installs the packages of the npm project in folder $1 as its lock file says, when that changed.
# Install scripts stay off: one of the dependencies would download a native library that nothing here needs.
install_node_packages() {
  local folder=$1 lock
  lock=$(fingerprint "$folder/package-lock.json")
  stamped "$folder/node_modules/.lock-fingerprint" "$lock" && return 0
  say "npm ci in $folder"
  (cd -- "$folder" && npm ci --include=dev --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null)
  stamp "$folder/node_modules/.lock-fingerprint" "$lock"
}

# Bundles web/ into web/dist when anything under web/ changed.
build_web() {
  local inputs
  inputs=$(fingerprint web)
  if [[ -d web/dist ]] && stamped "$state_dir/web" "$inputs"; then return 0; fi
  install_node_packages web
  say "npm run build in web"
  (cd web && npm run --silent build </dev/null)
  stamp "$state_dir/web" "$inputs"
}

build_binary() { "$cargo" build --workspace --quiet "${cargo_flags[@]}"; }
