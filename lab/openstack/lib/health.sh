# shellcheck shell=bash
# Is the lab well? Services, listeners, and one question to each API through TLS.

# Every listener that belongs to the lab's processes must be on the loopback address.
check_listeners() {
  local line kind address pid open='' ours first last
  read -r first last < /proc/sys/net/ipv4/ip_local_port_range
  ours=" $(private_processes | tr '\n' ' ') "
  while read -r line; do
    read -r kind _ _ _ address _ <<< "$line"
    case $address in 127.*|\[::1\]:*|\[::ffff:127.*) continue ;; esac
    # A UDP socket with a port that the kernel chose was opened to send (Swift does so where there is no /dev/log).
    [ "$kind" = udp ] && [ "${address##*:}" -ge "$first" ] && [ "${address##*:}" -le "$last" ] && continue
    # shellcheck disable=SC2013 # numbers, one a word
    for pid in $(grep -o 'pid=[0-9]*' <<< "$line" | cut -d= -f2 | sort -u); do
      if [[ $ours == *" $pid "* ]]; then open+="  $address: process $pid, $(cat "/proc/$pid/comm")"$'\n'; fi
    done
  done < <(ss -Hlntup)
  [ -z "$open" ] && return 0
  warn "these listeners of the lab are not on the loopback address:"
  printf '%s' "$open" >&2
  return 1
}

check_health() {
  local failed=0
  show_services > "$LOGS/status.txt" || { failed=1; warn "services are down:"; grep ' down ' "$LOGS/status.txt" >&2; }
  check_listeners && say "Listeners: loopback only." || failed=1
  inside python "$LAB_HOME/python/health.py" || failed=1
  return $failed
}
