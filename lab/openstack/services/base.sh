# shellcheck shell=bash disable=SC2034
# Database, messages, cache, log sink and the front with TLS.

service_mysql() { COMMAND=(mariadbd --defaults-file="$ETC/mysql/my.cnf"); }
service_rabbit() { COMMAND=("$ETC/rabbit/run"); }
service_memcached() { COMMAND=(memcached -u root -l "$LAB_ADDRESS" -p 11211 -m 64 -t 1); }
service_log_sink() { COMMAND=("$VENV/bin/python" "$LAB_HOME/python/log_sink.py" "$RUN/log.sock"); }
service_nginx() { COMMAND=(/usr/sbin/nginx -c "$ETC/nginx/nginx.conf" -e "$LOGS/nginx.log" -g 'daemon off;'); }
service_name_server() { COMMAND=(/usr/sbin/named -g -c "$ETC/bind/named.conf" -n 1); }
