# shellcheck shell=bash
# What each step of `up` does. Each can be done again without harm.

for file in "$LAB_HOME"/config/*.sh; do
  # shellcheck source=/dev/null
  . "$file"
done

# ------------------------------------------------------------------------------------------------- guest, settings

step_guest() { bash "$LAB_HOME/guest/build.sh" "$GUEST"; }

step_settings() {
  make_secrets
  load_secrets
  local part
  for part in mysql rabbit front keystone placement glance barbican nova libvirt neutron octavia designate name_server cinder swift; do
    "config_$part"
  done
}

# ------------------------------------------------------------------------------------------------- base

mysql_client() { mariadb --no-defaults -uroot -S "$RUN/mysql.sock" "$@"; }

step_base() {
  open_private_view
  if [ ! -d "$DATA/mysql/mysql" ]; then
    mariadb-install-db --defaults-file="$ETC/mysql/my.cnf" --auth-root-authentication-method=normal --skip-test-db
  fi
  start_base
}

# ------------------------------------------------------------------------------------------------- databases

DATABASES=(keystone placement glance nova_api nova nova_cell0 neutron cinder barbican octavia octavia_persistence designate)

step_databases() {
  load_secrets
  open_private_view
  start_base
  local database
  mysql_client -e "create user if not exists openstack@localhost identified by '$DB_PASSWORD'"
  for database in "${DATABASES[@]}"; do
    mysql_client -e "create database if not exists $database character set utf8mb3; grant all on $database.* to openstack@localhost"
  done
  # Two lanes, since a command imports for seconds and then waits for the database.
  ( set -e; lane_one ) & local first=$!
  ( set -e; lane_two ) & local second=$!
  wait $first || { kill $second 2>/dev/null; return 1; }
  wait $second
}

lane_one() {
  inside keystone-manage db_sync
  inside keystone-manage fernet_setup --keystone-user root --keystone-group root
  inside keystone-manage credential_setup --keystone-user root --keystone-group root
  inside keystone-manage bootstrap --bootstrap-password "$ADMIN_PASSWORD" --bootstrap-region-id "$LAB_REGION" \
    --bootstrap-public-url "$(public_url 5000)/v3" --bootstrap-internal-url "$(inner_url 15000)/v3" --bootstrap-admin-url "$(inner_url 15000)/v3"
  inside nova-manage api_db sync
  inside nova-manage cell_v2 map_cell0 --database_connection "$(db_url nova_cell0)"
  inside nova-manage cell_v2 list_cells | grep -q ' cell1 ' || inside nova-manage cell_v2 create_cell --name=cell1
  inside nova-manage db sync
}

lane_two() {
  inside glance-manage db_sync
  inside placement-manage db sync
  inside neutron-db-manage --config-file /etc/neutron/neutron.conf --config-file /etc/neutron/ml2_conf.ini upgrade heads
  inside cinder-manage db sync
  inside barbican-manage db upgrade
  inside octavia-db-manage upgrade head
  inside octavia-db-manage upgrade_persistence
  inside designate-manage database sync
}

# ------------------------------------------------------------------------------------------------- identity

step_identity() {
  load_secrets
  open_private_view
  start_base
  start_service keystone
  await_service 180 keystone http_answers 15000
  inside python "$LAB_HOME/python/identity.py"
}

# ------------------------------------------------------------------------------------------------- switch

step_switch() {
  open_private_view
  mkdir -p "$DATA/ovn"
  [ -f "$DATA/ovn/conf.db" ] || inside ovsdb-tool create "$DATA/ovn/conf.db" /usr/share/openvswitch/vswitch.ovsschema
  [ -f "$DATA/ovn/ovnnb.db" ] || inside ovsdb-tool create "$DATA/ovn/ovnnb.db" /usr/share/ovn/ovn-nb.ovsschema
  [ -f "$DATA/ovn/ovnsb.db" ] || inside ovsdb-tool create "$DATA/ovn/ovnsb.db" /usr/share/ovn/ovn-sb.ovsschema
  start_switch
}

# ------------------------------------------------------------------------------------------------- services

step_services() {
  open_private_view
  start_base
  start_switch
  start_apis
}

# ------------------------------------------------------------------------------------------------- names, node, outside

step_names() {
  ensure_services
  await_service 120 name-server port_open 5300
  # The pool is written by designate-central's database layer; the worker reads it when it starts.
  inside designate-manage pool update --file /etc/designate/pools.yaml
  restart_service designate-worker
}

step_node() {
  ensure_services
  await_service 240 nova-compute compute_node_known
  inside nova-manage cell_v2 discover_hosts --verbose
}
compute_node_known() { [ "$(mysql_client -N -e "select count(*) from nova.compute_nodes where deleted = 0" 2>/dev/null)" -ge 1 ]; }

step_outside() {
  ensure_services
  open_outside
}

step_tenants() {
  load_secrets
  ensure_services
  inside python "$LAB_HOME/python/tenants.py"
}

step_profile() {
  ensure_services
  apply_profile "$(cat "$LAB_DIR/profile")"
}
