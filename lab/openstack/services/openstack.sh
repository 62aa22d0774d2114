# shellcheck shell=bash disable=SC2034
# The OpenStack services. APIs run in uWSGI on a unix socket; nginx stands before them.

wsgi() { # name module [option...]
  local name=$1 module=$2
  shift 2
  COMMAND=(uwsgi --uwsgi-socket "$RUN/api/$name.sock" --module "$module" --virtualenv "$VENV"
    --master --processes 1 --threads 4 --enable-threads --thunder-lock --lazy-apps --need-app
    --die-on-term --buffer-size 65535 --disable-logging --procname-prefix "$name " "$@")
}
# Requests that are refused before their body was read must not break the connection: small bodies are read first.
READ_FIRST=(--post-buffering 65536)
NEUTRON_CONF="--config-file /etc/neutron/neutron.conf --config-file /etc/neutron/ml2_conf.ini"

service_keystone() { wsgi keystone keystone.wsgi.api:application "${READ_FIRST[@]}"; }
service_placement() { wsgi placement placement.wsgi.api:application "${READ_FIRST[@]}"; }
service_glance() { wsgi glance glance.wsgi.api:application; }
service_barbican() { wsgi barbican barbican.wsgi.api:application "${READ_FIRST[@]}"; }
service_neutron() { wsgi neutron neutron.wsgi.api:application "${READ_FIRST[@]}" --pyargv "$NEUTRON_CONF"; }
service_nova_api() { wsgi nova-api nova.wsgi.osapi_compute:application "${READ_FIRST[@]}"; }
service_cinder_api() { wsgi cinder-api cinder.wsgi.api:application "${READ_FIRST[@]}"; }
service_octavia_api() { wsgi octavia-api octavia.wsgi.api:application "${READ_FIRST[@]}"; }
service_designate_api() { wsgi designate-api designate.wsgi.api:application "${READ_FIRST[@]}"; }

service_nova_conductor() { COMMAND=(nova-conductor); }
service_nova_scheduler() { COMMAND=(nova-scheduler); }
service_nova_compute() { COMMAND=(nova-compute --config-file /etc/nova/compute.conf); }
service_cinder_scheduler() { COMMAND=(cinder-scheduler); }
service_cinder_volume() { COMMAND=(cinder-volume); }
service_cinder_backup() { COMMAND=(cinder-backup); }
service_octavia_agent() { COMMAND=(octavia-driver-agent); }
service_designate_central() { COMMAND=(designate-central); }
service_designate_worker() { COMMAND=(designate-worker); }
service_designate_producer() { COMMAND=(designate-producer); }
service_designate_mdns() { COMMAND=(designate-mdns); }
service_swift_account() { COMMAND=(swift-account-server /etc/swift/account-server.conf -v); }
service_swift_container() { COMMAND=(swift-container-server /etc/swift/container-server.conf -v); }
service_swift_object() { COMMAND=(swift-object-server /etc/swift/object-server.conf -v); }
service_swift_proxy() { COMMAND=(env "PYTHONPATH=$LAB_HOME/python" swift-proxy-server /etc/swift/proxy-server.conf -v); }

service_virtlogd() { COMMAND=(/usr/sbin/virtlogd -f "$ETC/libvirt/virtlogd.conf"); }
service_libvirtd() { COMMAND=(/usr/sbin/libvirtd -f "$ETC/libvirt/libvirtd.conf"); }
