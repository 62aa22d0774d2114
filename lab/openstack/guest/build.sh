#!/bin/bash
# Builds the guest image from Debian packages alone: GUEST/guest.qcow2 (about 30 MB), bootable by BIOS.
#
# Kernel of Debian's cloud flavour, and an initramfs with busybox, dropbear, rng-tools and a small Python that reads the
# config drive and the user data. It boots in seconds even without KVM. The disk has one FAT partition with syslinux.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
OUT=${1:?"usage: build.sh FOLDER"}
mkdir -p "$OUT/packages"
cd "$OUT"

fetch() {
  local package
  for package in "$@"; do
    compgen -G "packages/${package}_*.deb" >/dev/null || (cd packages && apt-get -q download "$package")
  done
}

mapfile -t wanted < <(sed 's/#.*//' "$HERE/packages.txt" | tr -s ' \t' '\n' | grep -v '^$')
kernel_package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/ *Depends: \(linux-image-.*\)/\1/p' | head -n 1)
fetch "${wanted[@]}" "$kernel_package"

rm -rf unpacked root
mkdir unpacked root
for file in packages/*.deb; do dpkg-deb -x "$file" unpacked; done
version=$(ls unpacked/lib/modules)
mkdir -p root/{bin,sbin,proc,sys,dev,run,tmp,mnt,lib64,lib/x86_64-linux-gnu,usr/lib,usr/share/udhcpc,var/log,etc/dropbear,root/.ssh} "root/lib/modules/$version"
chmod 700 root/root root/root/.ssh

# Programs.
cp unpacked/bin/busybox unpacked/usr/sbin/dropbear unpacked/usr/bin/dropbearkey unpacked/usr/bin/rngtest unpacked/usr/sbin/rngd root/bin/
cp unpacked/usr/bin/dbclient root/bin/ssh
cp unpacked/usr/bin/python3.11 root/bin/python3
cp "$HERE/init" root/init
cp "$HERE/user_data.py" root/bin/user-data
cp "$HERE/dhcp.sh" root/usr/share/udhcpc/default.script
printf '#!/bin/sh\n# Everything in this guest runs as root.\nexec "$@"\n' > root/bin/sudo
chmod 755 root/init root/bin/sudo root/bin/user-data root/usr/share/udhcpc/default.script
# What "packages:" in user data may name: these are here, nothing can be added.
printf '%s\n' "${wanted[@]}" > root/etc/packages

# Python's library: the minimal set, and the few modules of the full one that YAML and JSON need.
cp -r unpacked/usr/lib/python3.11 root/usr/lib/
stdlib=root/usr/lib/python3.11
find "$stdlib" -name __pycache__ -prune -exec rm -rf {} +
( cd "$stdlib" && rm -rf lib2to3 distutils idlelib tkinter pydoc_data ensurepip test turtledemo sqlite3 ctypes curses dbm wsgiref xmlrpc xml unittest multiprocessing asyncio concurrent lib-dynload/*sqlite* lib-dynload/*curses* lib-dynload/_dbm* lib-dynload/_gdbm* lib-dynload/_tkinter* lib-dynload/_ssl* lib-dynload/_codecs_* lib-dynload/_decimal* )
mkdir -p root/usr/lib/python3/dist-packages
cp -r unpacked/usr/lib/python3/dist-packages/yaml root/usr/lib/python3/dist-packages/
rm -f root/usr/lib/python3/dist-packages/yaml/*.so

# Shared libraries: all that the programs name, taken from the unpacked packages.
libraries_of() { for file in "$@"; do objdump -p "$file" 2>/dev/null | sed -n 's/ *NEEDED *//p'; done | sort -u; }
pending=$(libraries_of root/bin/* "$stdlib"/lib-dynload/*.so)
while [ -n "$pending" ]; do
  next=''
  for library in $pending; do
    [ -e "root/lib/x86_64-linux-gnu/$library" ] && continue
    source=$(find unpacked \( -path '*/x86_64-linux-gnu/*' -o -path '*/lib64/*' \) -name "$library" | head -n 1)
    # A module of Python whose library is not here is a module that the guest does not have.
    [ -n "$source" ] || continue
    cp -L "$source" root/lib/x86_64-linux-gnu/
    next+=" root/lib/x86_64-linux-gnu/$library"
  done
  # shellcheck disable=SC2086 # a list of words
  pending=$([ -z "$next" ] || libraries_of $next)
done
cp -L "$(find unpacked -name ld-linux-x86-64.so.2 | head -n 1)" root/lib64/
chroot root /bin/python3 -c 'import yaml, json, base64, subprocess, re, os' || { echo "The guest's Python does not work: see above." >&2; exit 1; }
chroot root /bin/busybox true

# Kernel modules, in the order of loading.
depmod -b unpacked "$version"
for module in virtio_pci virtio_net virtio_blk virtio_scsi virtio_rng isofs vfat nls_iso8859-1 nls_ascii nls_cp437 sr_mod sd_mod ata_piix ahci; do
  modprobe -d unpacked -S "$version" --show-depends "$module" 2>/dev/null | awk '$1 == "insmod" { print $2 }'
done | awk '!seen[$0]++' > modules.list
while read -r file; do
  cp "$file" "root/lib/modules/$version/"
  basename "$file"
done < modules.list > root/etc/modules

( cd root && find . | cpio -o -H newc --quiet | zstd -q -12 -T0 ) > initrd.zst
cp "unpacked/boot/vmlinuz-$version" vmlinuz

# The disk: MBR, one FAT partition that starts at 1 MiB, syslinux.
size_mib=$(( ($(stat -c %s vmlinuz) + $(stat -c %s initrd.zst)) / 1048576 + 12 ))
rm -f guest.raw
truncate -s "${size_mib}M" guest.raw
printf 'start=2048, type=e, bootable\n' | sfdisk -q guest.raw
mkfs.vfat -F 16 -n LABGUEST --offset 2048 guest.raw $(( (size_mib - 1) * 1024 )) >/dev/null
printf 'DEFAULT guest\nPROMPT 0\nTIMEOUT 1\nLABEL guest\n  KERNEL vmlinuz\n  INITRD initrd.zst\n  APPEND console=ttyS0,115200 quiet panic=30\n' > syslinux.cfg
mcopy -i guest.raw@@1M vmlinuz initrd.zst syslinux.cfg ::/
syslinux --offset 1048576 --install guest.raw
dd if=/usr/lib/syslinux/mbr/mbr.bin of=guest.raw conv=notrunc bs=440 count=1 status=none
qemu-img convert -c -O qcow2 guest.raw guest.qcow2
rm -rf unpacked root guest.raw
ls -l "$OUT"
