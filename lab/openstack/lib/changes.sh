# shellcheck shell=bash
# What the lab changes outside of its folder: told beforehand, written down when done, undone on removal.
#
# The journal has one change a line: KIND TAB OBJECT. It is written before the change is made, so an interrupted `up`
# leaves at most a line too many, and undoing a change that was never made is harmless.

NETNS=stoa-lab
VETH=stoa-lab-out
POLICY_FILE=/usr/sbin/policy-rc.d
INTERFACES=(br-int br-ex ovs-netdev "$VETH")
# The ports on the loopback address. First the ones with TLS, then what stands behind them.
PUBLIC_PORTS=(5000 8774 8776 8778 8080 9001 9292 9311 9696 9876)
INNER_PORTS=(15000 18774 18776 18778 18080 19001 19292 19311 19696 19876 6200 6201 6202 5672 25672 4369 11211 5300 5354 9530)

journal_add() { # kind object
  grep -qxF "$1"$'\t'"$2" "$JOURNAL" 2>/dev/null || printf '%s\t%s\n' "$1" "$2" >> "$JOURNAL"
}
journal_has() { grep -qxF "$1"$'\t'"$2" "$JOURNAL" 2>/dev/null; }
journal_drop() {
  [ -f "$JOURNAL" ] || return 0
  grep -vxF "$1"$'\t'"$2" "$JOURNAL" > "$JOURNAL.new" || true
  mv "$JOURNAL.new" "$JOURNAL"
}
journal_list() { [ -f "$JOURNAL" ] && awk -F'\t' -v k="$1" '$1 == k { print $2 }' "$JOURNAL"; return 0; }

wanted_packages() { sed -e 's/#.*//' "$LAB_HOME/packages.txt" | tr -s ' \t\n' '\n' | grep -v '^$'; }
is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
missing_packages() {
  local package
  for package in $(wanted_packages); do is_installed "$package" || printf '%s\n' "$package"; done
}

# Prints each change that `up` would make, in words.
show_plan() {
  local missing
  missing=$(missing_packages | tr '\n' ' ')
  say "Folder: $LAB_DIR (everything else lies in it: about 1.5 GB after 'up')."
  say "Changes outside of the folder:"
  if [ -n "$missing" ]; then
    say "  packages   Debian packages to be installed, with what they depend on: $missing"
    [ -e "$POLICY_FILE" ] || say "  file       $POLICY_FILE, only while packages are installed, so that none of them starts a service"
    [ -d /run/systemd/system ] && say "  units      services of newly installed packages are stopped and disabled"
  else
    say "  packages   none: all are installed"
  fi
  say "  network    the namespace '$NETNS' with a pair of interfaces ($VETH), and while the lab runs the bridges br-int, br-ex, ovs-netdev and one tap for each guest"
  say "  ports      $LAB_ADDRESS only, while the lab runs: ${PUBLIC_PORTS[*]} (TLS) ${INNER_PORTS[*]} (inner)"
  say "  processes  about 40, as root, with a private view of /etc, /run, /usr/sbin and /var/{lib,log,cache}/libvirt: the files there are not changed"
  say "  folders    /var/{lib,log,cache}/libvirt, empty, where they are missing"
  say "Not touched: other files of /etc, users' homes, running services, firewall rules."
}

# Says what stands in the way. Nothing is overwritten: a conflict ends `up` before it acts.
find_conflicts() {
  local port interface found=0
  if [ "$(uname -m)" != x86_64 ]; then say "  this machine is $(uname -m); the guest is built for x86_64"; found=1; fi
  if ! command -v apt-get >/dev/null; then say "  apt-get is missing: the lab is made from Debian's packages"; found=1; fi
  if [ -e "$LAB_DIR" ] && [ ! -f "$LAB_DIR/lab.version" ] && [ -n "$(ls -A "$LAB_DIR" 2>/dev/null)" ]; then
    say "  the folder $LAB_DIR holds something that is not a lab: choose another --dir"; found=1
  fi
  if lab_is_up; then return $found; fi
  for port in "${PUBLIC_PORTS[@]}" "${INNER_PORTS[@]}"; do
    if port_open "$port"; then say "  port $port of $LAB_ADDRESS is in use: $(port_owner "$port")"; found=1; fi
  done
  for interface in "${INTERFACES[@]}"; do
    if ip link show "$interface" >/dev/null 2>&1 && ! journal_has interface "$interface"; then
      say "  the network interface $interface exists and is not this lab's"; found=1
    fi
  done
  if ip netns list 2>/dev/null | grep -q "^$NETNS\b" && ! journal_has netns "$NETNS"; then
    say "  the network namespace $NETNS exists and is not this lab's"; found=1
  fi
  return $found
}

port_owner() { ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:((\(.*\)))$/\1/p' | head -n 1; }

# Undoes what the journal tells, last change first. Packages only when asked for.
undo_changes() { # with_packages
  local kind object packages=()
  [ -f "$JOURNAL" ] || { say "The journal is empty: nothing to undo."; return 0; }
  while IFS=$'\t' read -r kind object; do
    case $kind in
      package) packages+=("$object"); continue ;;
      netns) ip netns del "$object" 2>/dev/null || true; say "  removed the network namespace $object" ;;
      interface) ip link del "$object" 2>/dev/null || true; say "  removed the interface $object" ;;
      dir) rmdir -- "$object" 2>/dev/null && say "  removed the folder $object" ;;
      file) rm -f -- "$object"; say "  removed the file $object" ;;
      unit) systemctl enable "$object" >/dev/null 2>&1 || true; say "  enabled the unit $object again" ;;
      *) warn "the journal has a change of unknown kind: $kind $object" ;;
    esac
    journal_drop "$kind" "$object"
  done < <(tac "$JOURNAL")
  [ ${#packages[@]} -gt 0 ] || return 0
  if [ "$1" = yes ]; then
    remove_packages "${packages[@]}"
  else
    say "${#packages[@]} Debian packages were installed by this lab and stay. 'lab remove --packages' would take them away:"
    say "  ${packages[*]}"
  fi
}
