#!/bin/sh
# shellcheck disable=SC2154 # udhcpc sets the variables of the lease
# Called by udhcpc with the lease in its environment.
case $1 in bound|renew) ;; *) exit 0 ;; esac
ifconfig "$interface" "$ip" netmask "$subnet" ${mtu:+mtu "$mtu"}
for gateway in $router; do route add default gw "$gateway"; done
: > /etc/resolv.conf
for server in $dns; do echo "nameserver $server" >> /etc/resolv.conf; done
