# Shared by the scripts beside it: source it, then call the functions. Needs bash.
# shellcheck shell=bash

repo_root() { cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd; }

if [[ -t 1 && -z "${NO_COLOR:-}" && "${TERM:-dumb}" != dumb ]]; then
  bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
else
  bold='' green='' red='' dim='' plain=''
fi

# A headline for what comes next.
step() { printf '%s== %s%s\n' "$bold" "$*" "$plain"; }
# One line of detail under a step.
note() { printf '%s   %s%s\n' "$dim" "$*" "$plain"; }
# The end of a step.
good() { printf '%sok%s   %s\n' "$green" "$plain" "$*"; }
bad() { printf '%sFAIL%s %s\n' "$red" "$plain" "$*"; }
# Stop with a message.
die() {
  printf '%s%s%s\n' "$red" "$*" "$plain" >&2
  exit 1
}

as_root() {
  if [[ "$(id -u)" -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    printf 'need root to run "%s", and there is no sudo\n' "$*" >&2
    return 1
  fi
}

# Prints those of the named Debian packages that are not installed.
packages_missing() {
  local package
  for package in "$@"; do
    [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" == installed ]] ||
      printf '%s\n' "$package"
  done
}

# Installs the named packages where they are missing; touches neither network nor lists otherwise.
packages_install() {
  local missing
  mapfile -t missing < <(packages_missing "$@")
  ((${#missing[@]} == 0)) && return 0
  note "installing: ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null || return 1
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || return 1
}

# A command under an isolated data directory: HOME and every data variable point below $1.
in_home() {
  local home=$1
  shift
  env -u CORTEX_CONFIG -u CORTEX_DB_PATH -u CORTEX_EVENT_LOG_PATH HOME="$home" \
    XDG_DATA_HOME="$home/share" XDG_CONFIG_HOME="$home/config" CORTEX_DATA_DIR="$home/cortex" "$@"
}
