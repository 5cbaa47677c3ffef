#!/usr/bin/env bats
# On Debian 13, with its own compiler, bats, gnuplot and C library, a run gives the bytes that it gives here,
# and all tests pass. In a root made for it, which takes three minutes and 3 GB; its packages come
# from this host's mirror.

load ../helpers

setup_file() {
	[ "$(id -u)" = 0 ] || skip "only root changes its root"
	export there=$BATS_FILE_TMPDIR/root
	# with the package lists of a host that has installed these
	mmdebstrap --quiet --variant=minbase --skip=cleanup/apt/lists --include=git,make,gcc,libc6-dev,ca-certificates \
		--customize-hook='copy-in /etc/apt/apt.conf.d /etc/apt' trixie "$there" "$("$ROOT/experiments/machine/kernel" --mirror)" 2>&3
	cp /etc/resolv.conf "$there/etc" 2>/dev/null || true
	mkdir "$there/root/tree"
	(cd "$ROOT" && { git ls-files -z || find . -path ./build -prune -o -type f -print0; } |
		tar --null -T - -c) | tar -x -C "$there/root/tree"
}

# in_root USER COMMAND - by sh; what is mounted there ends with it; / is a mount point, as in a machine of its own
in_root() {
	unshare -m sh -euc 'mount --rbind "$1" "$1"
		for directory in proc sys dev; do mount --rbind "/$directory" "$1/$directory"; done
		exec chroot --userspec="$2" --groups= "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb sh -c "$3"' sh "$there" "$@" 3>&-
}

# Before the other test has installed anything there.
@test "a run that thrashes gives the same bytes there, to an ordinary user, as here" {
	for name in qemu-system-x86_64 busybox cpio modprobe; do
		run ! in_root 0:0 "command -v $name"
	done
	run -0 in_root 0:0 'cat /etc/debian_version'
	assert_output --regexp '^13'

	# the machine's shell expands the rest
	words="-S ssd:512 -M 160 -o out -- sh -c 'nice work -n 2 200 R 20000 2>\$OUT/work; monitor -r >\$OUT/records
		for file in vmstat diskstats interrupts; do cat /proc/\$file >\$OUT/\$file; done; dmesg >\$OUT/dmesg'"
	cp -r "$there/root/tree" "$there/home/tree"
	chown -R 1000:1000 "$there/home/tree"
	run in_root 1000:1000 "cd /home/tree && HOME=/home experiments/lab $words"
	echo "$output"
	assert_equal "$status" 0

	cd "$BATS_TEST_TMPDIR"
	env -u QEMU sh -c "exec '$ROOT/experiments/lab' $words"
	run -0 diff -r out "$there/home/tree/out"
	run -0 ls out
	assert_output "$(printf '%s\n' diskstats dmesg interrupts meta.tsv records vmstat work)"
	# it has thrashed
	run -0 awk -F '\t' 'FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { major += $at["major"] } END { print major }' out/records
	echo "$output major faults"
	assert [ "$output" -gt 1000 ]
}

@test "a capsule that was made here is identical there, to an ordinary user" {
	# shellcheck disable=SC2016 # for the machine
	"$ROOT/experiments/lab" -S ssd:512 -M 160 --capsule "$BATS_TEST_TMPDIR/thrash.tar" -- sh -c \
		'nice work -n 2 200 R 20000 2>$OUT/work; monitor >$OUT/thrash.data'
	tar -x -C "$there/home" -f "$BATS_TEST_TMPDIR/thrash.tar"
	chown -R 1000:1000 "$there/home/thrash"
	run -0 in_root 1000:1000 /home/thrash/run
	assert_line --regexp '^identical: run: .* [0-9]{4,} major faults, '
}

@test "make test passes in a root that is Debian 13 and nothing else" {
	run in_root 0:0 "cd /root/tree && make test"
	grep -E '^not ok' -A 20 <<< "$output" || tail -n 20 <<< "$output"
	assert_equal "$status" 0
	[ "$(grep -c '^ok ' <<< "$output")" -gt 300 ]
}
