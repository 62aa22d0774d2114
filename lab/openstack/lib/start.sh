# shellcheck shell=bash
# Starting everything, in the order in which one thing stands on another.

# Waits for a service to be ready; one that ended is told at once, with its last words.
await_service() { # seconds service command...
  local limit=$1 name=$2 started
  shift 2
  started=$(date +%s)
  until "$@" >/dev/null 2>&1; do
    if ! is_running "$name"; then
      printf 'Error: the service %s ended. Its last words (%s):\n' "$name" "$LOGS/$name.log" >&2
      tail -n 8 "$LOGS/$name.log" | sed 's/^/    /' >&2
      return 1
    fi
    if [ $(( $(date +%s) - started )) -ge "$limit" ]; then
      printf 'Error: the service %s is not ready after %s s; its log: %s\n' "$name" "$limit" "$LOGS/$name.log" >&2
      return 1
    fi
    sleep 0.3
  done
}

start_base() {
  start_services "${BASE[@]}"
  await_service 90 mysql mysql_client -e 'select 1' || return 1
  await_service 120 rabbit port_open 5672 || return 1
  await_service 20 memcached port_open 11211 || return 1
  await_service 20 nginx port_open 5000
}

start_switch() {
  local vsctl=(inside ovs-vsctl "--db=unix:$RUN/ovn/db.sock" --no-wait)
  journal_add interface br-int
  journal_add interface br-ex
  journal_add interface ovs-netdev
  # Sockets that a power cut left behind would be taken for living ones.
  is_running ovsdb || rm -f "$RUN"/ovn/*.sock "$RUN"/ovn/*.ctl
  start_services ovsdb ovn-north-db ovn-south-db
  await_service 20 ovsdb test -S "$RUN/ovn/db.sock" || return 1
  await_service 20 ovn-south-db test -S "$RUN/ovn/ovnsb_db.sock" || return 1
  "${vsctl[@]}" init
  # TCP of guests needs userspace-tso: else unfinished checksums of virtio are dropped by the userspace conntrack.
  "${vsctl[@]}" set open_vswitch . external_ids:system-id=vm external_ids:hostname=vm \
    "external_ids:ovn-remote=\"unix:$RUN/ovn/ovnsb_db.sock\"" external_ids:ovn-encap-type=geneve \
    "external_ids:ovn-encap-ip=$LAB_ADDRESS" external_ids:ovn-bridge=br-int external_ids:ovn-bridge-mappings=public:br-ex \
    external_ids:ovn-cms-options=enable-chassis-as-gw external_ids:ovn-bridge-datapath-type=netdev \
    other_config:userspace-tso-enable=true other_config:n-handler-threads=1 other_config:n-revalidator-threads=1
  "${vsctl[@]}" -- --may-exist add-br br-int -- set bridge br-int datapath_type=netdev fail-mode=secure \
    -- --may-exist add-br br-ex -- set bridge br-ex datapath_type=netdev
  inside ovn-nbctl "--db=unix:$RUN/ovn/ovnnb_db.sock" init
  inside ovn-sbctl "--db=unix:$RUN/ovn/ovnsb_db.sock" init
  start_services vswitchd ovn-northd ovn-controller
}

# Everything above the base and the switch, in waves, so that two cores are not asked for thirty imports at once.
start_apis() {
  start_services keystone placement glance barbican
  await_service 240 keystone http_answers 15000 || return 1
  await_service 240 placement http_answers 18778 || return 1
  start_services neutron nova-api cinder-api nova-conductor nova-scheduler cinder-scheduler cinder-volume cinder-backup
  await_service 300 neutron http_answers 19696 || return 1
  await_service 300 nova-api http_answers 18774 || return 1
  await_service 300 cinder-api http_answers 18776 || return 1
  is_running octavia-agent || rm -f "$RUN"/private/octavia/*.sock
  start_services swift-account swift-container swift-object swift-proxy octavia-agent name-server \
    designate-central designate-api designate-worker designate-producer designate-mdns virtlogd libvirtd
  await_service 30 libvirtd inside virsh -c qemu:///system version || return 1
  start_service nova-compute
  # Octavia's API finds its provider only when the agent's sockets are there.
  await_service 240 octavia-agent test -S "$RUN/private/octavia/status.sock" || return 1
  start_service octavia-api
  local part
  for part in "glance 19292" "barbican 19311" "designate-api 19001" "swift-proxy 18080" "octavia-api 19876"; do
    await_service 300 "${part% *}" http_answers "${part#* }" || return 1
  done
}

# The world outside of the cloud: a network namespace with 203.0.113.1 on the external bridge. The machine itself gets
# no address and no route: `lab outside COMMAND` runs a command out there, such as ssh to a floating address.
open_outside() {
  if ! ip netns list | grep -q "^$NETNS\b"; then
    journal_add netns "$NETNS"
    ip netns add "$NETNS"
  fi
  ip -n "$NETNS" link set lo up
  if ! ip link show "$VETH" >/dev/null 2>&1; then
    journal_add interface "$VETH"
    ip link add "$VETH" type veth peer name cloud netns "$NETNS"
  fi
  sysctl -qw "net.ipv6.conf.$VETH.disable_ipv6=1" 2>/dev/null || true
  ip link set "$VETH" up
  ip -n "$NETNS" addr show dev cloud | grep -q 203.0.113.1/24 || ip -n "$NETNS" addr add 203.0.113.1/24 dev cloud
  ip -n "$NETNS" link set cloud up
  # The userspace datapath does not finish checksums that the kernel left for the hardware.
  ip netns exec "$NETNS" ethtool -K cloud tx off >/dev/null
  inside ovs-vsctl "--db=unix:$RUN/ovn/db.sock" --may-exist add-port br-ex "$VETH"
}

# A step may follow a reboot: what it stands on is started if it does not run.
ensure_services() {
  local name
  for name in "${ORDER[@]}"; do
    if ! is_running "$name"; then start_lab; return; fi
  done
}

start_lab() {
  load_secrets
  open_private_view || return 1
  make_certificate || return 1
  start_base && start_switch && start_apis || return 1
  if [ -f "$STAMPS/outside" ]; then open_outside; fi
}
