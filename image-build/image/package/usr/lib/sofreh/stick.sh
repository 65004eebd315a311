#!/bin/sh
# Puts a stick in its place, and takes it away: `stick.sh in DISK`, `stick.sh out DISK`, a name below /dev. Of its partitions, or
# the disk itself where it has none, the first is taken that holds vfat or exFAT. Where none does, the place is taken by an empty
# file system that nobody can write to: the till finds a stick of no use, and says so on paper, for nobody reads a log there.
#
# Rules: runs as root; a link names the disk that has the place, so that two partitions, or two sticks that come at once, never lie
# over one another.
place=/run/sofreh/stick
owner=/run/sofreh-stick
if [ "$1" = out ]; then
    [ "$(readlink $owner)" = "$2" ] || exit 0
    /usr/bin/umount --lazy $place
    rm $owner
    exit 0
fi
if ! ln -s "$2" $owner 2>/dev/null; then
    echo "$2 is left alone: $(readlink $owner) is in"
    exit 1
fi
parts=$(cat /sys/block/"$2"/"$2"*/partition 2>/dev/null | sort -n | sed "s/^/$2/")
for name in ${parts:-$2}; do
    /usr/bin/mount -t vfat,exfat \
        -o rw,nosuid,nodev,noexec,noatime,uid=sofreh,gid=sofreh,umask=0077,errors=remount-ro /dev/"$name" $place && exit 0
done
echo "$2 holds neither vfat nor exFAT that can be read"
exec /usr/bin/mount -t tmpfs -o ro,nosuid,nodev,noexec,size=4k,mode=0555 no-stick $place
