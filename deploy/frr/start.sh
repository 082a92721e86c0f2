#!/bin/sh
# zebra in the background, bgpd as the container's process: when it ends, the container ends.
set -eu
/usr/lib/frr/zebra -d -f /etc/frr.conf
exec /usr/lib/frr/bgpd -f /etc/frr.conf
