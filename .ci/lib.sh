# Shared by the scripts in this folder: steps, what came of them, pinned tools.

# A step that cannot run here returns this; it is counted as skipped, not passed.
SKIPPED=77

passed=() failed=() skipped=()

step() { printf '\n== %s\n' "$*"; }

# check NAME COMMAND... runs a step and keeps what came of it. The run goes on
# after a failure, so that one run tells everything.
check() {
  local code=0
  step "$1"
  "${@:2}" || code=$?
  case $code in
    0) passed+=("$1") ;;
    "$SKIPPED") skipped+=("$1") ;;
    *) failed+=("$1") ;;
  esac
}

# skip WHY... ends a step that cannot run here: skip "no network"; return
skip() {
  echo "skipped: $*"
  return "$SKIPPED"
}

# tool NAME PACKAGE@VERSION SECONDS installs a tool into $tools through the Go
# module proxy. A tool that cannot be had in that time skips its step.
tool() {
  [ -x "$tools/$1" ] && return
  if ! GOBIN=$tools timeout "$3" go install "$2" >"$tools/$1.log" 2>&1; then
    tail -n 3 "$tools/$1.log"
    skip "cannot install $2 in $3 s"
  fi
}

# install WHAT WHY PACKAGE... installs Debian packages where that is possible,
# unless have_WHAT says that they are there.
install() {
  "have_$1" && return
  command -v apt-get >/dev/null || return
  local sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null && sudo -n true 2>/dev/null || return
    sudo=(sudo -n)
  fi
  step "installing $1 for $2"
  export DEBIAN_FRONTEND=noninteractive
  if ! timeout 240 "${sudo[@]}" apt-get install -y --no-install-recommends "${@:3}" >/dev/null 2>&1; then
    timeout 120 "${sudo[@]}" apt-get update >/dev/null 2>&1
    timeout 240 "${sudo[@]}" apt-get install -y --no-install-recommends "${@:3}" >/dev/null 2>&1
  fi
  "have_$1" || echo "not possible here; going on without"
}

# list HEADING ITEM... prints a line if there are items.
list() {
  [ $# -lt 2 ] && return
  printf '%s:' "$1"
  printf ' [%s]' "${@:2}"
  printf '\n'
}
