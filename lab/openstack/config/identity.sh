# shellcheck shell=bash
# Keystone, Placement, Glance, Barbican.

config_keystone() {
  shipped_files keystone
  cat > "$ETC/keystone/keystone.conf" <<EOF
$(default_block keystone)
[token]
provider = fernet
expiration = 14400
[fernet_tokens]
key_repository = $ETC/keystone/fernet-keys
[credential]
key_repository = $ETC/keystone/credential-keys
[cache]
enabled = true
backend = dogpile.cache.pymemcache
memcache_servers = $LAB_ADDRESS:11211
[oslo_messaging_notifications]
driver = noop
$(database_block keystone)
$(policy_block)
EOF
}

config_placement() {
  shipped_files placement
  cat > "$ETC/placement/placement.conf" <<EOF
[DEFAULT]
use_stderr = true
[placement_database]
connection = $(db_url placement)
max_pool_size = 5
[api]
auth_strategy = keystone
$(token_block placement)
$(policy_block)
EOF
}

config_glance() {
  shipped_files glance
  mkdir -p "$DATA"/glance/{images,staging,tasks} "$ETC/glance/metadefs"
  cat > "$ETC/glance/glance-api.conf" <<EOF
$(default_block glance)
workers = 1
enabled_backends = local:file
show_multiple_locations = false
worker_self_reference_url = $(inner_url 19292)
enabled_import_methods = [glance-direct,web-download,copy-image]
[glance_store]
default_backend = local
[local]
filesystem_store_datadir = $DATA/glance/images
[os_glance_staging_store]
filesystem_store_datadir = $DATA/glance/staging
[os_glance_tasks_store]
filesystem_store_datadir = $DATA/glance/tasks
[paste_deploy]
flavor = keystone
config_file = /etc/glance/glance-api-paste.ini
[oslo_messaging_notifications]
driver = noop
[oslo_concurrency]
lock_path = $DATA/lock
$(database_block glance)
$(token_block glance)
$(policy_block)
EOF
}

config_barbican() {
  shipped_files barbican
  cat > "$ETC/barbican/barbican.conf" <<EOF
$(default_block barbican)
host_href = $(public_url 9311)
sql_connection = $(db_url barbican)
db_auto_create = false
$(database_block barbican)
[queue]
enable = false
[secretstore]
enabled_secretstore_plugins = store_crypto
[crypto]
enabled_crypto_plugins = simple_crypto
[simple_crypto_plugin]
kek = $KEY_ENCRYPTION_KEY
[oslo_messaging_notifications]
driver = noop
$(token_block barbican)
$(policy_block)
EOF
}
