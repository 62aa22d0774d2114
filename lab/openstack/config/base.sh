# shellcheck shell=bash
# MariaDB, RabbitMQ, the swift log socket.

config_mysql() {
  mkdir -p "$ETC/mysql" "$DATA/mysql"
  cat > "$ETC/mysql/my.cnf" <<EOF
[mysqld]
datadir = $DATA/mysql
socket = $RUN/mysql.sock
pid-file = $RUN/mysql.own-pid
skip-networking
user = root
innodb_buffer_pool_size = 128M
# A lab may lose the last second when the machine dies; it does not need a binary log.
innodb_flush_log_at_trx_commit = 0
innodb_doublewrite = 0
skip-log-bin
performance_schema = OFF
max_connections = 500
character-set-server = utf8mb3
collation-server = utf8mb3_general_ci
EOF
}

config_rabbit() {
  mkdir -p "$ETC/rabbit" "$DATA/rabbit"
  cat > "$ETC/rabbit/rabbitmq.conf" <<EOF
listeners.tcp.1 = $LAB_ADDRESS:5672
loopback_users = none
default_user = openstack
default_pass = $RABBIT_PASSWORD
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 500MB
log.file.level = warning
EOF
  : > "$ETC/rabbit/env.conf"
  echo '[].' > "$ETC/rabbit/plugins"
  # Three listeners: AMQP, the port mapper and Erlang's distribution; all three are bound to the loopback address.
  cat > "$ETC/rabbit/run" <<EOF
#!/bin/bash
export HOME=$DATA/rabbit
export ERL_EPMD_ADDRESS=$LAB_ADDRESS
export RABBITMQ_NODENAME=rabbit@localhost
export RABBITMQ_CONFIG_FILE=$ETC/rabbit/rabbitmq.conf
export RABBITMQ_CONF_ENV_FILE=$ETC/rabbit/env.conf
export RABBITMQ_ENABLED_PLUGINS_FILE=$ETC/rabbit/plugins
export RABBITMQ_MNESIA_BASE=$DATA/rabbit/mnesia
export RABBITMQ_LOG_BASE=$LOGS/rabbit
export RABBITMQ_PID_FILE=$RUN/rabbit.own-pid
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none"
exec /usr/lib/rabbitmq/bin/rabbitmq-server
EOF
  chmod 700 "$ETC/rabbit/run"
  chmod 600 "$ETC/rabbit/rabbitmq.conf"
}
