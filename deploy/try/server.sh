#!/bin/sh
# A server with Handrail on it, to be harmed: a Debian 12 of its own in a virtual machine, put up by the commands of
# deploy/README.md. As root on Debian, with debootstrap, qemu-system-x86, e2fsprogs and openssh-client:
#
#   deploy/try/server.sh FOLDER [PORT]
#
# FOLDER gets the root, the disk and a key, some 8 GB. The machine runs in front of you; in another terminal:
#
#   ssh -i FOLDER/key -p PORT -o UserKnownHostsFile=FOLDER/known root@127.0.0.1
#
# It emulates, so the hub there starts in a minute and not in a second. Nothing but that port leaves it.
set -eu
folder=$(realpath -m "$1") port=${2:-22022} root=$folder/root
checkout=$(realpath "$(dirname "$0")/../..")
mkdir -p "$folder"
if [ ! -e "$folder/disk" ]; then
    debootstrap --variant=minbase bookworm "$root"
    cp /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
    cp /etc/resolv.conf "$root/etc/"
    git clone -q "$checkout" "$root/usr/src/handrail"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    mount -t proc proc "$root/proc"
    trap 'umount "$root/proc"' EXIT
    inside() {
        chroot "$root" env DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 "$@"
    }
    inside apt-get -qq -y install --no-install-recommends systemd-sysv udev dbus linux-image-cloud-amd64 \
        initramfs-tools zstd iproute2 procps openssh-server ca-certificates
    # Behind a proxy that signs for itself, pip must trust what this machine trusts.
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    # The commands of the README, but for what needs the machine to run.
    sed -n '/^apt-get install mosquitto/,/^```/p' "$checkout/deploy/README.md" |
        grep -v -e '^```' -e '^systemctl daemon-reload' -e '^systemctl restart' |
        sed 's/^apt-get install/apt-get -y install/' >"$root/usr/src/readme.sh"
    inside sh -exc 'cd /usr/src/handrail; export PIP_CERT=/etc/ssl/certs/ca-certificates.crt; . /usr/src/readme.sh'
    rm "$root/usr/sbin/policy-rc.d"
    ssh-keygen -q -t ed25519 -N '' -f "$folder/key"
    install -m 0644 "$folder/key.pub" "$root/etc/ssh/root_keys"
    echo 'AuthorizedKeysFile /etc/ssh/root_keys' >"$root/etc/ssh/sshd_config.d/try.conf"
    echo handrail-server >"$root/etc/hostname"
    echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
    printf '[Match]\nName=en*\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/80-all.network"
    inside systemctl -q enable systemd-networkd ssh
    umount "$root/proc"
    trap - EXIT
    cp "$root"/boot/vmlinuz-* "$folder/kernel"
    cp "$root"/boot/initrd.img-* "$folder/initrd"
    truncate -s 6G "$folder/disk.new"
    mkfs.ext4 -q -d "$root" "$folder/disk.new"
    mv "$folder/disk.new" "$folder/disk"
fi
exec qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 2048 -nodefaults -no-reboot -display none \
    -kernel "$folder/kernel" -initrd "$folder/initrd" -append "root=/dev/vda rw console=ttyS0" -serial stdio \
    -drive "file=$folder/disk,if=virtio,format=raw" -device virtio-rng-pci \
    -netdev "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$port-:22" -device virtio-net-pci,netdev=net
