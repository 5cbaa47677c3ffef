#!/usr/bin/env bats
# All tests pass on Debian 13, with its own QEMU, compiler, bats, gnuplot and C library. In a root
# made for it, which takes three minutes and 3 GB; its packages come from this host's mirror.

load ../helpers

setup_file() {
	[ "$(id -u)" = 0 ] || skip "only root changes its root"
	export there=$BATS_FILE_TMPDIR/root
	mmdebstrap --quiet --variant=minbase --include=git,make,gcc,libc6-dev,ca-certificates \
		--customize-hook='copy-in /etc/apt/apt.conf.d /etc/apt' trixie "$there" "$("$ROOT/experiments/machine/kernel" --mirror)" 2>&3
	cp /etc/resolv.conf "$there/etc" 2>/dev/null || true
	mkdir "$there/root/tree"
	(cd "$ROOT" && { git ls-files -z || find . -path ./build -prune -o -type f -print0; } |
		tar --null -T - -c) | tar -x -C "$there/root/tree"
}

@test "make test passes in a root that is Debian 13 and nothing else" {
	# what is mounted there ends with it; / is a mount point, as in a machine of its own
	run unshare -m sh -euc 'mount --rbind "$1" "$1"
		for directory in proc sys dev; do mount --rbind "/$directory" "$1/$directory"; done
		exec chroot "$1" sh -c "cd /root/tree && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb make test"' sh "$there" 3>&-
	grep -E '^not ok' -A 20 <<< "$output" || tail -n 20 <<< "$output"
	assert_equal "$status" 0
	[ "$(grep -c '^ok ' <<< "$output")" -gt 300 ]
}
