#!/bin/sh
# Process 1 of the second kernel (second-kernel.ts). Arguments: seconds, command ... Runs the command at the top of the source tree for at
# most so long, with its output on tty1, says how it ended on the console, and powers off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run/tmp LAB_PATIENCE=5
within=$1
shift
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs run /run
mkdir -p $TMPDIR /run/modules/lib

# The root is the machine's own and read-only, and Debian's place for these modules is not where modprobe looks.
ln -s /usr/lib/uml/modules /run/modules/lib/modules
printf '#!/bin/sh\nexec modprobe -d /run/modules "$@"\n' >/run/modprobe
chmod 755 /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
# The others are loaded by the kernel on demand; these by nobody, since the agent may not.
/run/modprobe -a ipip ip_tables ip6_tables

ip link set lo up
stty -F /dev/tty1 raw
cd "$(dirname "$0")/../.." && TAP_TIMEOUT=$within timeout --signal=KILL "$within" "$@" >/dev/tty1
echo "exit status $?"
echo o >/proc/sysrq-trigger
# Process 1 must not end before that is done.
sleep 60
