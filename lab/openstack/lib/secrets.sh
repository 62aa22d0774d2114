# shellcheck shell=bash
# The passwords of one lab: made once, kept in one file that only root may read.

random_hex() { openssl rand -hex 16; }

make_secrets() {
  [ -f "$SECRETS" ] && return 0
  ( umask 077
    cat > "$SECRETS.new" <<EOF
# Passwords of this lab, made by 'lab up'. Anybody who can read this file owns the cloud.
ADMIN_PASSWORD=$(random_hex)
SERVICE_PASSWORD=$(random_hex)
DB_PASSWORD=$(random_hex)
RABBIT_PASSWORD=$(random_hex)
USER_PASSWORD=$(random_hex)
HEARTBEAT_KEY=$(random_hex)
HASH_PREFIX=$(random_hex)
HASH_SUFFIX=$(random_hex)
KEY_ENCRYPTION_KEY=$(openssl rand -base64 32 | tr '+/' '-_')
EOF
    mv "$SECRETS.new" "$SECRETS" )
}
load_secrets() {
  [ -f "$SECRETS" ] || return 0
  # shellcheck source=/dev/null
  . "$SECRETS"
}
