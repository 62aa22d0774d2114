# shellcheck shell=bash
# Cinder (volumes are files, backups go to Swift) and Swift with the S3 API.

config_cinder() {
  shipped_files cinder
  mkdir -p "$DATA/cinder/mnt" "$DATA/nfs/volumes"
  cat > "$ETC/cinder/cinder.conf" <<EOF
$(default_block cinder)
my_ip = $LAB_ADDRESS
host = vm
osapi_volume_workers = 1
auth_strategy = keystone
api_paste_config = /etc/cinder/api-paste.ini
resource_query_filters_file = /etc/cinder/resource_filters.json
rootwrap_config = /etc/cinder/rootwrap.conf
enabled_backends = files
default_volume_type = standard
glance_api_servers = $(inner_url 19292)
backup_driver = cinder.backup.drivers.swift.SwiftBackupDriver
backup_swift_auth = per_user
swift_catalog_info = object-store:swift:internalURL
keystone_catalog_info = identity:keystone:internalURL
backup_swift_ca_cert_file = $TLS/ca.pem
backup_compression_algorithm = zlib
backup_workers = 1
[files]
# The NFS driver over a bind mount: real volume files, without an NFS server and without the device mapper.
volume_backend_name = files
volume_driver = cinder.volume.drivers.nfs.NfsDriver
nfs_shares_config = /etc/cinder/shares
nfs_mount_point_base = $DATA/cinder/mnt
nfs_snapshot_support = true
nfs_qcow2_volumes = false
nas_secure_file_operations = false
nas_secure_file_permissions = false
[nova]
interface = internal
$(credentials nova)
[service_user]
send_service_user_token = true
$(credentials cinder)
[cinder_sys_admin]
helper_command = $VENV/bin/privsep-helper --config-file $ETC/cinder/cinder.conf
[privsep_osbrick]
helper_command = $VENV/bin/privsep-helper --config-file $ETC/cinder/cinder.conf
$(key_manager_block)
$(database_block cinder)
$(messages_block false)
$(token_block cinder)
$(policy_block)
EOF
  echo "$LAB_ADDRESS:/volumes" > "$ETC/cinder/shares"
}

swift_server() { # name port
  cat <<EOF
[DEFAULT]
bind_ip = $LAB_ADDRESS
bind_port = $2
workers = 0
mount_check = false
devices = $DATA/swift/node
user = root
log_address = $RUN/log.sock
[pipeline:main]
pipeline = $1-server
[app:$1-server]
use = egg:swift#$1
EOF
}

# One replica on one disk: rings of sixteen partitions.
swift_ring() { # name port
  [ -f "$ETC/swift/$1.ring.gz" ] && return 0
  ( cd "$ETC/swift" || exit 1
    "$VENV/bin/swift-ring-builder" "$1.builder" create 4 1 1 &&
      "$VENV/bin/swift-ring-builder" "$1.builder" add "r1z1-$LAB_ADDRESS:$2/d1" 1 &&
      { "$VENV/bin/swift-ring-builder" "$1.builder" rebalance || [ -f "$1.ring.gz" ]; } )
}

config_swift() {
  local name port
  shipped_files swift
  mkdir -p "$DATA/swift/node/d1"
  cat > "$ETC/swift/swift.conf" <<EOF
[swift-hash]
swift_hash_path_suffix = $HASH_SUFFIX
swift_hash_path_prefix = $HASH_PREFIX
[storage-policy:0]
name = Policy-0
default = yes
[swift-constraints]
EOF
  for name in account:6202 container:6201 object:6200; do
    port=${name#*:} name=${name%:*}
    swift_server "$name" "$port" > "$ETC/swift/$name-server.conf"
    swift_ring "$name" "$port" || return 1
  done
  config_swift_proxy > "$ETC/swift/proxy-server.conf"
}

config_swift_proxy() {
  cat <<EOF
[DEFAULT]
log_address = $RUN/log.sock
bind_ip = $LAB_ADDRESS
bind_port = 18080
workers = 0
user = root
[pipeline:main]
# access_keys answers as AWS does when an access key is unknown; it must stand before s3api. authtoken comes before
# s3token, which needs it to leave signed requests alone.
pipeline = catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk tempurl ratelimit authtoken access_keys s3api s3token keystoneauth copy container-quotas account-quotas slo dlo versioned_writes symlink proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:proxy-logging]
use = egg:swift#proxy_logging
access_log_address = $RUN/log.sock
[filter:cache]
use = egg:swift#memcache
memcache_servers = $LAB_ADDRESS:11211
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:tempurl]
use = egg:swift#tempurl
[filter:ratelimit]
use = egg:swift#ratelimit
[filter:copy]
use = egg:swift#copy
[filter:container-quotas]
use = egg:swift#container_quotas
[filter:account-quotas]
use = egg:swift#account_quotas
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
allow_object_versioning = true
[filter:symlink]
use = egg:swift#symlink
[filter:access_keys]
paste.filter_factory = swift_access_keys:filter_factory
enabled_file = $ETC/swift/access-keys.enabled
$(credentials swift)
[filter:s3api]
use = egg:swift#s3api
location = $LAB_REGION
s3_acl = false
[filter:s3token]
use = egg:swift#s3token
auth_uri = $(inner_url 15000)/v3
$(credentials swift)
[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = admin, swiftoperator, member
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
delay_auth_decision = true
www_authenticate_uri = $(public_url 5000)
memcached_servers = $LAB_ADDRESS:11211
interface = internal
$(credentials swift)
EOF
}
