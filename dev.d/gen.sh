# The files that are written by the program itself, so that they cannot say anything else than the program does.
# shellcheck shell=bash

readonly configuration_reference=docs/admin/configuration.md

write_generated_files() {
  print_configuration_reference >"$state_dir/configuration.md"
  mv -- "$state_dir/configuration.md" "$configuration_reference"
  say "wrote $configuration_reference"
}

check_generated_files() {
  build_binary
  print_configuration_reference | diff -u "$configuration_reference" - ||
    fail "$configuration_reference is out of date: run ./dev gen"
}

print_configuration_reference() {
  cat <<'TEXT'
# Configuration reference

Written by `./dev gen` from the program's own description of its keys (`shoal config` prints it); do not edit.

Every key has a default, so a file with only what differs is enough: `shoal serve --config shoal.toml`. A variable
`SHOAL__SECTION__KEY` overrides the file (`SHOAL__NET__MAX_REDIRECTS=3`), and the command line overrides both. A key that does
not exist is an error.

```toml
TEXT
  "$shoal" config
  printf '```\n'
}
