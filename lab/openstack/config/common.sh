# shellcheck shell=bash
# Blocks that several configuration files share. Each function prints its block.

db_url() { printf 'mysql+pymysql://openstack:%s@localhost/%s?unix_socket=%s&charset=utf8' "$DB_PASSWORD" "$1" "$RUN/mysql.sock"; }
rabbit_url() { printf 'rabbit://openstack:%s@%s:5672/' "$RABBIT_PASSWORD" "$LAB_ADDRESS"; }
public_url() { printf 'https://%s:%s' "$LAB_ADDRESS" "$1"; }
inner_url() { printf 'http://%s:%s' "$LAB_ADDRESS" "$1"; }

# [DEFAULT] of a service: logs go to stderr, which the supervisor writes to the service's log.
default_block() { # name
  cat <<EOF
[DEFAULT]
use_stderr = true
transport_url = $(rabbit_url)
state_path = $DATA/$1
EOF
}

# Credentials of a service user in another service's section.
credentials() { # user
  cat <<EOF
auth_type = password
auth_url = $(inner_url 15000)
username = $1
password = $SERVICE_PASSWORD
project_name = service
user_domain_name = Default
project_domain_name = Default
region_name = $LAB_REGION
cafile = $TLS/ca.pem
EOF
}

token_block() { # user
  cat <<EOF
[keystone_authtoken]
www_authenticate_uri = $(public_url 5000)
memcached_servers = $LAB_ADDRESS:11211
interface = internal
service_token_roles = service
service_token_roles_required = true
$(credentials "$1")
EOF
}

policy_block() {
  cat <<EOF
[oslo_policy]
enforce_scope = true
enforce_new_defaults = true
EOF
}

database_block() { # database
  cat <<EOF
[database]
connection = $(db_url "$1")
max_pool_size = 5
max_overflow = 10
EOF
}

# heartbeat_in_pthread must be false where eventlet is still used.
messages_block() { # heartbeat_in_pthread
  cat <<EOF
[oslo_messaging_rabbit]
heartbeat_in_pthread = $1
rabbit_quorum_queue = false
rabbit_transient_quorum_queue = false
rpc_conn_pool_size = 5
[oslo_messaging_notifications]
driver = noop
[oslo_concurrency]
lock_path = $DATA/lock
EOF
}

key_manager_block() {
  cat <<EOF
[key_manager]
backend = barbican
[barbican]
auth_endpoint = $(inner_url 15000)/v3
barbican_endpoint = $(inner_url 19311)
barbican_endpoint_type = internal
EOF
}

# Files that a package ships beside its code (paste pipelines, filters).
shipped_files() { # name
  mkdir -p "$ETC/$1" "$DATA/$1"
  if [ -d "$VENV/etc/$1" ]; then cp -r "$VENV/etc/$1/." "$ETC/$1/"; fi
}
