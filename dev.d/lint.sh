# Everything that can be said about the sources without running them. All parts run, whichever fails.
# shellcheck shell=bash

# shellcheck source=dev.d/gen.sh
source dev.d/gen.sh

run_lints() {
  end_on_signals
  setup run
  build_web
  part "formatting" "$cargo" fmt --all --check
  part "clippy" "$cargo" clippy --workspace --all-targets --quiet "${cargo_flags[@]}" -- --deny warnings
  part "import rules" dev.d/import-rules
  part "import rules notice violations" dev.d/import-rules --self-test
  part "generated files" check_generated_files
  part "links of the documents" check_links
  part "types of the scripts" check_types
  if have shellcheck; then
    part "shellcheck" shellcheck -x dev .ci/run dev.d/import-rules
  else
    say "skipped: shellcheck is not installed"
  fi
  if "$cargo" deny --version >/dev/null 2>&1; then
    part "licences and banned crates" "$cargo" deny --offline check bans licenses sources
  else
    say "skipped: cargo-deny is not installed"
  fi
  finish_parts
}

check_types() {
  install_node_packages web
  npm --prefix web run --silent check
}

# Each relative link of a document leads to something that exists.
check_links() {
  local file target broken=0
  while IFS=: read -r file target; do
    target=${target#*(}
    target=${target%%[)#]*}
    [[ -n $target && $target != *://* && $target != mailto:* ]] || continue
    if [[ ! -e $(dirname -- "$file")/$target ]]; then
      warn "$file: nothing at $target"
      broken=1
    fi
  done < <(grep -oHE '\]\([^)]+\)' -- *.md docs/*.md docs/*/*.md)
  ((broken == 0))
}
