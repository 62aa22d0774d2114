# shellcheck shell=bash disable=SC2034
# Open vSwitch with the userspace datapath (no kernel module) and OVN, all on unix sockets.

OVS_LOG=(-vconsole:warn -vsyslog:off -vfile:off)

ovs_database() { # name file remote...
  local name=$1 file=$2
  shift 2
  COMMAND=(ovsdb-server "$DATA/ovn/$file" "${@/#/--remote=}" --unixctl="$RUN/ovn/$name.ctl" "${OVS_LOG[@]}")
}
service_ovsdb() { ovs_database ovsdb conf.db "punix:$RUN/ovn/db.sock" db:Open_vSwitch,Open_vSwitch,manager_options; }
service_ovn_north_db() { ovs_database north ovnnb.db "punix:$RUN/ovn/ovnnb_db.sock"; }
service_ovn_south_db() { ovs_database south ovnsb.db "punix:$RUN/ovn/ovnsb_db.sock"; }
service_vswitchd() { COMMAND=(ovs-vswitchd "unix:$RUN/ovn/db.sock" --unixctl="$RUN/ovn/vswitchd.ctl" "${OVS_LOG[@]}"); }
service_ovn_northd() {
  COMMAND=(ovn-northd --ovnnb-db="unix:$RUN/ovn/ovnnb_db.sock" --ovnsb-db="unix:$RUN/ovn/ovnsb_db.sock"
    --unixctl="$RUN/ovn/northd.ctl" "${OVS_LOG[@]}")
}
# It has no option for its control socket: that lies in OVN_RUNDIR.
service_ovn_controller() {
  COMMAND=(ovn-controller "unix:$RUN/ovn/db.sock" "${OVS_LOG[@]}")
}
