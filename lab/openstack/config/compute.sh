# shellcheck shell=bash
# Nova: API, conductor and scheduler read nova.conf; the one compute node reads compute.conf, which has no database.

nova_common() {
  cat <<EOF
my_ip = $LAB_ADDRESS
host = vm
enabled_apis = osapi_compute
osapi_compute_workers = 1
report_interval = 10
service_down_time = 60
cpu_allocation_ratio = 16.0
ram_allocation_ratio = 4.0
disk_allocation_ratio = 10.0
update_resources_interval = 60
reserved_host_memory_mb = 512
[api]
auth_strategy = keystone
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 60
[upgrade_levels]
compute = auto
[vnc]
enabled = false
[spice]
enabled = false
[glance]
api_servers = $(inner_url 19292)
[placement]
valid_interfaces = internal
$(credentials placement)
[neutron]
valid_interfaces = internal
$(credentials neutron)
[cinder]
catalog_info = block-storage::internalURL
os_region_name = $LAB_REGION
$(credentials cinder)
[service_user]
send_service_user_token = true
$(credentials nova)
$(key_manager_block)
$(messages_block true)
$(token_block nova)
$(policy_block)
EOF
}

config_nova() {
  local kind
  kind=$(virt_type)
  shipped_files nova
  mkdir -p "$DATA/nova" "$DATA/nova-compute/instances"
  cat > "$ETC/nova/nova.conf" <<EOF
$(default_block nova)
$(nova_common)
$(database_block nova)
[api_database]
connection = $(db_url nova_api)
max_pool_size = 5
EOF
  cat > "$ETC/nova/compute.conf" <<EOF
$(default_block nova-compute)
compute_driver = libvirt.LibvirtDriver
instances_path = $DATA/nova-compute/instances
force_config_drive = true
vif_plugging_is_fatal = true
vif_plugging_timeout = 180
resume_guests_state_on_host_boot = true
$(nova_common)
[libvirt]
connection_uri = qemu:///system
virt_type = $kind
cpu_mode = $([ "$kind" = kvm ] && echo host-model || echo none)
images_type = qcow2
inject_partition = -2
hw_machine_type = x86_64=pc
rx_queue_size = 256
nfs_mount_point_base = $DATA/nova-compute/mnt
[vif_plug_ovs]
ovsdb_connection = unix:$RUN/ovn/db.sock
[os_vif_ovs]
ovsdb_connection = unix:$RUN/ovn/db.sock
[nova_sys_admin]
helper_command = $VENV/bin/privsep-helper --config-file $ETC/nova/compute.conf
[vif_plug_ovs_privileged]
helper_command = $VENV/bin/privsep-helper --config-file $ETC/nova/compute.conf
[privsep_osbrick]
helper_command = $VENV/bin/privsep-helper --config-file $ETC/nova/compute.conf
EOF
}

# Hardware virtualisation where the lab's guest really boots by it, else QEMU's emulation (slower, but complete): within a
# virtual machine /dev/kvm may be there and yet run no firmware.
virt_type() { if [ -w /dev/kvm ] && boots_by_kvm; then echo kvm; else echo qemu; fi; }
boots_by_kvm() {
  local said=$GUEST/kvm.log guest result=1
  timeout 20 qemu-system-x86_64 -accel kvm -m 512 -drive "file=$GUEST/guest.qcow2,if=virtio,snapshot=on" -nic none \
    -display none -monitor none -serial stdio < /dev/null > "$said" 2>&1 &
  guest=$!
  while kill -0 $guest 2>/dev/null; do
    if grep -a -q '=== guest' "$said"; then result=0; break; fi
    sleep 0.5
  done
  kill $guest 2>/dev/null
  wait $guest 2>/dev/null
  rm -f "$said"
  return $result
}

# libvirtd and virtlogd on unix sockets only; no cgroups, no device namespaces: there may be no systemd.
config_libvirt() {
  mkdir -p "$ETC/libvirt"
  cat > "$ETC/libvirt/libvirtd.conf" <<EOF
auth_unix_rw = "none"
auth_unix_ro = "none"
log_level = 3
EOF
  printf 'log_level = 3\n' > "$ETC/libvirt/virtlogd.conf"
  cat > "$ETC/libvirt/qemu.conf" <<EOF
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = [ ]
namespaces = [ ]
remember_owner = 0
EOF
}
