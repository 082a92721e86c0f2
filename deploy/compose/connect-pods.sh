#!/bin/sh
# Does by hand what a CNI plugin does: a veth between each pod's container and its node's, the address and the route inside the pod.
# Run it as root on the machine of the Docker engine, after "docker-compose up", from the repository. COMPOSE="docker compose" for the plugin.
set -eu
compose=${COMPOSE:-docker-compose}

pid_of() {
  docker inspect -f '{{.State.Pid}}' "$($compose ps -q "$1")"
}

in_node() { nsenter -t "$node" -n "$@"; }
in_pod() { nsenter -t "$pod" -n "$@"; }

connect() { # POD NODE ADDRESS
  pod=$(pid_of "$1") node=$(pid_of "$2")
  if in_pod ip link show eth0 >/dev/null 2>&1; then return; fi
  in_node ip link add pod0 type veth peer name eth0 netns "$pod"
  # The container's own /proc/sys is read-only: what Tortie would set, it finds set when the interface appears under its name.
  in_node sysctl -qw net.ipv4.conf.pod0.proxy_arp=1 net.ipv4.conf.pod0.rp_filter=1 net.ipv4.neigh.pod0.proxy_delay=0 net.ipv6.conf.pod0.accept_ra=0
  in_node ip link set pod0 name "tort$1"
  in_pod ip address add "$3/32" dev eth0
  in_pod ip link set eth0 up
  in_pod ip route add default via 169.254.1.1 dev eth0 onlink
  echo "$1 is $3 on $2"
}

connect web node-a 10.244.1.10
connect client node-b 10.244.2.10
connect other node-b 10.244.2.11
