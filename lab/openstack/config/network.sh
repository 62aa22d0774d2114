# shellcheck shell=bash
# Neutron with OVN, Octavia with the OVN provider, Designate with BIND.

config_neutron() {
  shipped_files neutron
  cat > "$ETC/neutron/neutron.conf" <<EOF
$(default_block neutron)
core_plugin = ml2
service_plugins = ovn-router,segments,trunk,port_forwarding,qos
auth_strategy = keystone
api_paste_config = /etc/neutron/api-paste.ini
api_workers = 1
rpc_workers = 0
notify_nova_on_port_status_changes = true
notify_nova_on_port_data_changes = true
global_physnet_mtu = 1500
vlan_transparent = false
router_distributed = false
[nova]
endpoint_type = internal
$(credentials nova)
[placement]
endpoint_type = internal
$(credentials placement)
[quotas]
default_quota = 100
$(database_block neutron)
$(messages_block true)
$(token_block neutron)
$(policy_block)
EOF
  cat > "$ETC/neutron/ml2_conf.ini" <<EOF
[ml2]
type_drivers = local,flat,vlan,geneve
tenant_network_types = geneve
mechanism_drivers = ovn
extension_drivers = port_security,dns,qos
overlay_ip_version = 4
[ml2_type_geneve]
vni_ranges = 1:65536
max_header_size = 38
[ml2_type_flat]
flat_networks = public
[ml2_type_vlan]
network_vlan_ranges = public
[securitygroup]
enable_security_group = true
[ovn]
ovn_nb_connection = unix:$RUN/ovn/ovnnb_db.sock
ovn_sb_connection = unix:$RUN/ovn/ovnsb_db.sock
ovn_metadata_enabled = false
enable_distributed_floating_ip = false
dns_servers = 192.0.2.53
EOF
}

config_octavia() {
  shipped_files octavia
  cat > "$ETC/octavia/octavia.conf" <<EOF
[DEFAULT]
use_stderr = true
transport_url = $(rabbit_url)
[api_settings]
auth_strategy = keystone
api_base_uri = $(public_url 9876)
enabled_provider_drivers = ovn:OVN provider
default_provider_driver = ovn
$(database_block octavia)
[task_flow]
persistence_connection = $(db_url octavia_persistence)
jobboard_enabled = false
[oslo_messaging]
topic = octavia_prov
[service_auth]
$(credentials octavia)
[controller_worker]
network_driver = allowed_address_pairs_driver
[health_manager]
heartbeat_key = $HEARTBEAT_KEY
bind_ip = $LAB_ADDRESS
[certificates]
cert_manager = barbican_cert_manager
endpoint_type = internalURL
[driver_agent]
enabled_provider_agents = ovn
status_socket_path = /var/run/octavia/status.sock
stats_socket_path = /var/run/octavia/stats.sock
get_socket_path = /var/run/octavia/get.sock
status_max_processes = 2
stats_max_processes = 2
get_max_processes = 2
[ovn]
ovn_nb_connection = unix:$RUN/ovn/ovnnb_db.sock
ovn_sb_connection = unix:$RUN/ovn/ovnsb_db.sock
[neutron]
valid_interfaces = internal
$(credentials octavia)
[oslo_messaging_notifications]
driver = noop
$(token_block octavia)
EOF
}

config_designate() {
  shipped_files designate
  mkdir -p "$DATA/designate/coordination"
  cat > "$ETC/designate/designate.conf" <<EOF
$(default_block designate)
default_pool_id = 794ccc2c-d751-44fe-b57f-8894c9f5c842
[service:api]
listen = $LAB_ADDRESS:19001
api_base_uri = $(public_url 9001)
auth_strategy = keystone
enable_api_v2 = true
enabled_extensions_v2 = quotas, reports
enable_host_header = true
[service:central]
workers = 1
managed_resource_email = hostmaster@example.org
[service:worker]
workers = 1
threads = 10
enabled = true
poll_timeout = 5
[service:producer]
workers = 1
[service:mdns]
workers = 1
listen = $LAB_ADDRESS:5354
[storage:sqlalchemy]
connection = $(db_url designate)
max_pool_size = 5
[coordination]
backend_url = file://$DATA/designate/coordination
[oslo_concurrency]
lock_path = $DATA/lock
[oslo_messaging_notifications]
driver = noop
$(token_block designate)
$(policy_block)
EOF
  cat > "$ETC/designate/pools.yaml" <<EOF
- name: default
  description: The name server of the lab
  attributes: {}
  ns_records:
    - hostname: ns1.example.org.
      priority: 1
  nameservers:
    - host: $LAB_ADDRESS
      port: 5300
  targets:
    - type: bind9
      masters:
        - host: $LAB_ADDRESS
          port: 5354
      options:
        host: $LAB_ADDRESS
        port: 5300
        rndc_host: $LAB_ADDRESS
        rndc_port: 9530
        rndc_key_file: $ETC/bind/rndc.key
EOF
}

config_name_server() {
  mkdir -p "$ETC/bind" "$DATA/bind"
  [ -f "$ETC/bind/rndc.key" ] || rndc-confgen -a -c "$ETC/bind/rndc.key" -k lab-key
  cat > "$ETC/bind/named.conf" <<EOF
include "$ETC/bind/rndc.key";
options {
  directory "$DATA/bind";
  listen-on port 5300 { $LAB_ADDRESS; };
  listen-on-v6 { none; };
  allow-new-zones yes;
  recursion no;
  request-ixfr no;
  minimal-responses yes;
  pid-file "$RUN/named.own-pid";
  session-keyfile "$DATA/bind/session.key";
  query-source address $LAB_ADDRESS;
  notify-source $LAB_ADDRESS;
  transfer-source $LAB_ADDRESS;
  allow-notify { $LAB_ADDRESS; };
  dnssec-validation no;
  managed-keys-directory "$DATA/bind";
};
controls { inet $LAB_ADDRESS port 9530 allow { $LAB_ADDRESS; } keys { "lab-key"; }; };
EOF
}
