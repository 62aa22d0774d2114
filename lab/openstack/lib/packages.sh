# shellcheck shell=bash
# Debian's packages and the Python environment.

# apt with no questions, and with no service started by an installation.
quiet_apt() { DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Options::=--force-confold "$@"; }

forbid_starts() {
  [ -e "$POLICY_FILE" ] && return 0
  journal_add file "$POLICY_FILE"
  printf '#!/bin/sh\n# Written by the OpenStack lab while it installs packages; removed afterwards.\nexit 101\n' > "$POLICY_FILE"
  chmod 755 "$POLICY_FILE"
}
allow_starts() {
  journal_has file "$POLICY_FILE" || return 0
  rm -f "$POLICY_FILE"
  journal_drop file "$POLICY_FILE"
}

list_installed() { dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u; }

step_packages() {
  local before missing result=0
  missing=$(missing_packages | tr '\n' ' ')
  if [ -z "$missing" ]; then say "All packages are installed."; return 0; fi
  before=$(mktemp)
  list_installed > "$before"
  quiet_apt update || return 1
  # Everything that apt is about to add is written down before it is added.
  local package
  # shellcheck disable=SC2086 # a list of words
  for package in $(apt-get -s --no-install-recommends install $missing | sed -n 's/^Inst \([^ ]*\) .*/\1/p'); do
    grep -qxF "$package" "$before" || journal_add package "$package"
  done
  forbid_starts
  # shellcheck disable=SC2086
  quiet_apt install --no-install-recommends $missing || result=1
  allow_starts
  rm -f "$before"
  [ $result = 0 ] || return 1
  disable_units
}

# With systemd, a package's service would start at the next boot.
disable_units() {
  [ -d /run/systemd/system ] || return 0
  local package unit
  for package in $(journal_list package); do
    for unit in $(dpkg -L "$package" 2>/dev/null | sed -n 's#^\(/usr\)\?/lib/systemd/system/\([^/@]*\.\(service\|socket\)\)$#\2#p'); do
      if [ "$(systemctl is-enabled "$unit" 2>/dev/null)" = enabled ]; then systemctl disable --now "$unit" || true; fi
    done
  done
}

# What was installed later and needs one of them must not go with them; and nothing is forgotten that could not be removed.
remove_packages() {
  local log=${TMPDIR:-/tmp}/lab-packages.log package result=0 others=()
  while read -r package; do
    [[ " $* " == *" $package "* ]] || others+=("$package")
  done < <(apt-get -q -s purge "$@" | sed -n 's/^\(Purg\|Remv\) \([^ ]*\) .*/\2/p')
  if [ ${#others[@]} -gt 0 ]; then
    warn "the packages of this lab stay, since these need some of them and would be removed too: ${others[*]}"
    return 1
  fi
  say "Removing ${#} packages ..."
  forbid_starts
  # sudo was not there before: whoever runs this without it can do without it. Debian's own question cannot be answered here.
  if [ -n "${SUDO_USER:-}" ]; then quiet_apt purge "$@"; else SUDO_FORCE_REMOVE=yes quiet_apt purge "$@"; fi > "$log" 2>&1 || result=1
  allow_starts
  if [ $result != 0 ]; then
    warn "apt-get could not remove all packages; see $log"
    return 1
  fi
  for package in "$@"; do journal_drop package "$package"; done
  say "  removed the packages"
}

# One environment with exactly the versions of versions.txt: OpenStack's services and clients.
step_python() {
  local python=/usr/bin/python3
  export UV_CACHE_DIR=$DATA/cache/uv
  [ -x "$LAB_DIR/tools/bin/uv" ] || { "$python" -m venv "$LAB_DIR/tools" && "$LAB_DIR/tools/bin/pip" install -q uv; } || return 1
  [ -x "$VENV/bin/python" ] || "$LAB_DIR/tools/bin/uv" venv -q -p "$python" "$VENV" || return 1
  # swiftclient, barbicanclient and others come along with the services. setuptools below 81: pkg_resources is still used.
  "$LAB_DIR/tools/bin/uv" pip install --compile-bytecode -p "$VENV/bin/python" -c "$LAB_HOME/versions.txt" -r "$LAB_HOME/requirements.txt"
}
