# shellcheck shell=bash
# The certificate authority of the lab, and nginx: TLS outside, plain HTTP for the services among themselves.

# name, public port, inner port. Swift speaks HTTP itself; the others sit on a unix socket.
FRONT=(
  "keystone 5000 15000" "nova-api 8774 18774" "cinder-api 8776 18776" "placement 8778 18778"
  "designate-api 9001 19001" "glance 9292 19292" "barbican 9311 19311" "neutron 9696 19696" "octavia-api 9876 19876"
)

make_authority() {
  [ -f "$TLS/ca.key" ] && return 0
  openssl ecparam -name prime256v1 -genkey -noout -out "$TLS/ca.key"
  chmod 600 "$TLS/ca.key"
  openssl req -x509 -new -key "$TLS/ca.key" -sha256 -days 1825 -subj "/O=OpenStack lab/CN=OpenStack lab authority" \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign -out "$TLS/ca.pem"
}

# 90 days, as Mozilla's profiles recommend; made anew at each start when fewer than 10 are left.
make_certificate() {
  if [ -f "$TLS/server.pem" ] && openssl x509 -checkend 864000 -noout -in "$TLS/server.pem" >/dev/null; then return 0; fi
  openssl ecparam -name prime256v1 -genkey -noout -out "$TLS/server.key"
  chmod 600 "$TLS/server.key"
  openssl req -new -key "$TLS/server.key" -subj "/O=OpenStack lab/CN=localhost" -out "$TLS/server.csr"
  openssl x509 -req -in "$TLS/server.csr" -CA "$TLS/ca.pem" -CAkey "$TLS/ca.key" -CAcreateserial -sha256 -days 90 \
    -extfile <(printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n') \
    -out "$TLS/server.only.pem"
  cat "$TLS/server.only.pem" "$TLS/ca.pem" > "$TLS/server.pem"
}

tls_strong() {
  cat <<'EOF'
ssl_protocols TLSv1.2 TLSv1.3;
ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305;
ssl_prefer_server_ciphers off;
EOF
}
# The fault of the profile `broken`: old protocol versions and old cipher suites.
tls_weak() {
  cat <<'EOF'
ssl_protocols TLSv1 TLSv1.1 TLSv1.2;
ssl_ciphers ALL:@SECLEVEL=0;
ssl_prefer_server_ciphers off;
EOF
}

front_server() { # name public inner
  cat <<EOF
  server {
    listen $LAB_ADDRESS:$2 ssl;
    listen $LAB_ADDRESS:$3;
    include $ETC/nginx/tls-$2.conf;
    location / {
      include $ETC/nginx/uwsgi.conf;
      uwsgi_pass unix:$RUN/api/$1.sock;
    }
  }
EOF
}

config_front() {
  local line name public inner
  make_authority && make_certificate || return 1
  mkdir -p "$ETC/nginx" "$DATA/nginx"
  for line in "${FRONT[@]}" "swift 8080 18080"; do
    read -r name public inner <<< "$line"
    [ -f "$ETC/nginx/tls-$public.conf" ] || tls_strong > "$ETC/nginx/tls-$public.conf"
  done
  cat > "$ETC/nginx/uwsgi.conf" <<'EOF'
uwsgi_param QUERY_STRING $query_string;
uwsgi_param REQUEST_METHOD $request_method;
uwsgi_param CONTENT_TYPE $content_type;
uwsgi_param CONTENT_LENGTH $content_length;
uwsgi_param REQUEST_URI $request_uri;
uwsgi_param PATH_INFO $document_uri;
uwsgi_param SCRIPT_NAME "";
uwsgi_param DOCUMENT_ROOT /nonexistent;
uwsgi_param SERVER_PROTOCOL $server_protocol;
uwsgi_param REQUEST_SCHEME $scheme;
uwsgi_param UWSGI_SCHEME $scheme;
uwsgi_param HTTPS $https if_not_empty;
uwsgi_param REMOTE_ADDR $remote_addr;
uwsgi_param REMOTE_PORT $remote_port;
uwsgi_param SERVER_PORT $server_port;
uwsgi_param SERVER_NAME $server_addr;
EOF
  {
    cat <<EOF
# Written by the lab; 'lab up' writes it again.
user root;
worker_processes 1;
pid $RUN/nginx.own-pid;
error_log $LOGS/nginx.log warn;
events { worker_connections 1024; }
http {
  log_format lab '\$time_iso8601 \$server_port \$request_method \$request_uri \$status \${request_time}s \$body_bytes_sent';
  access_log $LOGS/requests.log lab;
  server_tokens off;
  merge_slashes off;
  client_max_body_size 0;
  client_body_temp_path $DATA/nginx/body;
  proxy_temp_path $DATA/nginx/proxy;
  uwsgi_temp_path $DATA/nginx/uwsgi;
  fastcgi_temp_path $DATA/nginx/fastcgi;
  scgi_temp_path $DATA/nginx/scgi;
  uwsgi_max_temp_file_size 0;
  uwsgi_read_timeout 600s;
  uwsgi_buffers 16 16k;
  uwsgi_buffer_size 16k;
  proxy_read_timeout 600s;
  large_client_header_buffers 8 32k;
  keepalive_timeout 75s;
  ssl_certificate $TLS/server.pem;
  ssl_certificate_key $TLS/server.key;
  ssl_ecdh_curve X25519:prime256v1:secp384r1;
  ssl_session_cache shared:lab:1m;
  ssl_session_tickets off;
  add_header Strict-Transport-Security "max-age=63072000" always;
EOF
    for line in "${FRONT[@]}"; do read -r name public inner <<< "$line"; front_server "$name" "$public" "$inner"; done
    cat <<EOF
  server {
    listen $LAB_ADDRESS:8080 ssl;
    include $ETC/nginx/tls-8080.conf;
    location / {
      proxy_pass http://$LAB_ADDRESS:18080;
      proxy_http_version 1.1;
      # The host is part of what an S3 client signs.
      proxy_set_header Host \$http_host;
      proxy_set_header X-Forwarded-Proto \$scheme;
      proxy_set_header Connection "";
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }
  }
}
EOF
  } > "$ETC/nginx/nginx.conf"
}
